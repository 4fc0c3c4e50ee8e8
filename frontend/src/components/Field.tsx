import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from 'react';

/** The look of a control, of no particular width. */
export const controlClass =
  'h-8.5 min-w-0 rounded-md border border-line-strong bg-surface px-2.5 text-[0.8125rem] text-ink transition-colors hover:border-ink-3 focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:bg-raised disabled:text-ink-3 aria-invalid:border-down pointer-coarse:text-base';

export const inputClass = `${controlClass} w-full`;

interface FieldProps {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
}

interface FrameProps extends FieldProps {
  id: string;
  required?: boolean | undefined;
  children: ReactNode;
}

/** Label above, hint or error below; the control names them by id. */
export function FieldFrame({ id, label, hint, error, required, children }: FrameProps) {
  return (
    <div className="flex flex-col gap-1">
      <div className="flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-xs font-medium text-ink-2">
          {label}
        </label>
        {required === false && <span className="text-xs text-ink-3">optional</span>}
      </div>
      {children}
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-xs text-down">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="text-xs text-ink-3">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

const describedBy = (id: string, { hint, error }: FieldProps) =>
  error ? `${id}-error` : hint ? `${id}-hint` : undefined;

type InputFieldProps = FieldProps &
  InputHTMLAttributes<HTMLInputElement> & { optional?: boolean; trailing?: ReactNode };

export function InputField({ label, hint, error, optional, trailing, ...input }: InputFieldProps) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error }} required={optional ? false : undefined}>
      <div className="flex items-center gap-2">
        <input
          id={id}
          className={inputClass}
          aria-invalid={error ? true : undefined}
          aria-describedby={describedBy(id, { label, hint, error })}
          {...input}
        />
        {trailing}
      </div>
    </FieldFrame>
  );
}

type TextareaFieldProps = FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>;

export function TextareaField({ label, hint, error, ...textarea }: TextareaFieldProps) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error }}>
      <textarea
        id={id}
        rows={4}
        className={`${inputClass} h-auto py-2`}
        aria-describedby={describedBy(id, { label, hint, error })}
        {...textarea}
      />
    </FieldFrame>
  );
}

type SelectFieldProps = FieldProps & SelectHTMLAttributes<HTMLSelectElement>;

export function SelectField({ label, hint, error, children, ...select }: SelectFieldProps) {
  const id = useId();
  return (
    <FieldFrame {...{ id, label, hint, error }}>
      <select
        id={id}
        className={inputClass}
        aria-describedby={describedBy(id, { label, hint, error })}
        {...select}
      >
        {children}
      </select>
    </FieldFrame>
  );
}
