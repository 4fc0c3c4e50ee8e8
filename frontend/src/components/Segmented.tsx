interface SegmentedProps<Value extends string> {
  label: string;
  value: Value | undefined;
  options: readonly { value: Value; label: string; title?: string }[];
  onChange: (value: Value) => void;
}

/** A few exclusive choices in a row. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { label, value, options, onChange } = props;
  return (
    <div
      role="group"
      aria-label={label}
      className="inline-flex h-8.5 items-center rounded-md border border-line-strong bg-surface p-0.5"
    >
      {options.map((option) => (
        <button
          key={option.value}
          type="button"
          title={option.title}
          aria-pressed={option.value === value}
          onClick={() => onChange(option.value)}
          className="h-full rounded px-2.5 text-xs font-medium text-ink-2 transition-colors hover:text-ink aria-pressed:bg-accent-soft aria-pressed:text-accent"
        >
          {option.label}
        </button>
      ))}
    </div>
  );
}
