import { Download } from 'lucide-react';

import { buttonClass } from './buttonClass';

interface ExportLinksProps {
  what: string;
  url: (format: 'json' | 'csv') => string;
}

/** The same data as files. */
export function ExportLinks({ what, url }: ExportLinksProps) {
  return (
    <span className="inline-flex gap-1">
      {(['csv', 'json'] as const).map((format) => (
        <a
          key={format}
          href={url(format)}
          download
          aria-label={`Export ${what} as ${format.toUpperCase()}`}
          className={buttonClass()}
        >
          <Download aria-hidden className="size-3.5" />
          {format.toUpperCase()}
        </a>
      ))}
    </span>
  );
}
