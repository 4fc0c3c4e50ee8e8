import { type ReactNode, useEffect } from 'react';

interface PanelProps {
  title?: string;
  description?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}

/** A bordered section with an optional heading. */
export function Panel({ title, description, actions, children, className = '' }: PanelProps) {
  return (
    <section
      aria-label={title}
      className={`min-w-0 rounded-lg border border-line bg-surface shadow-card ${className}`}
    >
      {title && (
        <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-2.5">
          <div className="min-w-0 flex-1">
            <h2 className="text-[0.8125rem] font-semibold">{title}</h2>
            {description && <p className="text-xs text-ink-3">{description}</p>}
          </div>
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

interface PageHeaderProps {
  title: string;
  /** What the browser's tab says instead of the title. */
  tabTitle?: string | undefined;
  subtitle?: ReactNode;
  actions?: ReactNode;
}

export function PageHeader({ title, tabTitle = title, subtitle, actions }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${tabTitle} · ArgusLM`;
  }, [tabTitle]);
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-3">
      <div className="min-w-0 flex-1 basis-56">
        <h1 className="text-xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
        {subtitle && <div className="mt-0.5 text-[0.8125rem] text-ink-2">{subtitle}</div>}
      </div>
      {actions && <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}
