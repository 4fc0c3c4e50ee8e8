export interface ButtonLook {
  variant?: 'primary' | 'secondary' | 'ghost' | 'danger';
  size?: 'sm' | 'md' | 'icon';
}

const BASE =
  'inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md font-medium whitespace-nowrap select-none transition-colors disabled:opacity-50 disabled:cursor-not-allowed aria-disabled:opacity-50';

const VARIANTS = {
  primary: 'bg-accent text-accent-ink hover:bg-accent/90',
  secondary: 'border border-line-strong bg-surface text-ink hover:bg-raised',
  ghost: 'text-ink-2 hover:bg-raised hover:text-ink',
  danger: 'bg-down-bar text-white hover:bg-down-bar/90',
};

const SIZES = {
  sm: 'h-7 px-2.5 text-xs',
  md: 'h-8.5 px-3 text-[0.8125rem]',
  icon: 'size-8.5',
};

/** The look of a button, for links that act as one. */
export const buttonClass = ({ variant = 'secondary', size = 'md' }: ButtonLook = {}): string =>
  `${BASE} ${VARIANTS[variant]} ${SIZES[size]}`;
