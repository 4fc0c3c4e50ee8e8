import { Switch as Base } from '@base-ui/react/switch';

interface SwitchProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
  /** Show the label beside the switch, not only to screen readers. */
  showLabel?: boolean;
}

export function Switch({ label, checked, onChange, disabled = false, showLabel = false }: SwitchProps) {
  const control = (
    <Base.Root
      checked={checked}
      onCheckedChange={onChange}
      disabled={disabled}
      aria-label={showLabel ? undefined : label}
      className="relative inline-flex h-4.5 w-8 shrink-0 items-center rounded-full border border-line-strong bg-unknown-bar p-px transition-colors data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50"
    >
      <Base.Thumb className="size-3.5 rounded-full bg-white shadow-sm transition-transform data-checked:translate-x-3.5" />
    </Base.Root>
  );
  if (!showLabel) return control;
  return (
    <label className="inline-flex items-center gap-2.5 text-[0.8125rem]">
      {control}
      {label}
    </label>
  );
}
