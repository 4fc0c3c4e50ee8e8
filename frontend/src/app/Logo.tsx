/** The eye of Argus. */
export const Logo = ({ className = 'size-7' }: { className?: string }) => (
  <svg aria-hidden viewBox="0 0 32 32" className={className}>
    <rect width="32" height="32" rx="8" className="fill-accent" />
    <path
      d="M4 16c3.2-5.4 7.4-8 12-8s8.8 2.6 12 8c-3.2 5.4-7.4 8-12 8S7.2 21.4 4 16z"
      className="fill-accent-ink"
    />
    <circle cx="16" cy="16" r="5.5" className="fill-accent" />
    <circle cx="16" cy="16" r="2.2" className="fill-accent-ink" />
  </svg>
);
