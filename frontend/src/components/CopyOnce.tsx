import { Check, Copy } from 'lucide-react';
import { useState } from 'react';

import { Button } from './Button';

interface CopyOnceProps {
  value: string;
  testId: string;
}

/** A secret that is shown this once: to be copied, or selected where the browser may not copy. */
export function CopyOnce({ value, testId }: CopyOnceProps) {
  const [copied, setCopied] = useState(false);
  const copy = () => {
    void navigator.clipboard.writeText(value).then(() => setCopied(true));
  };
  return (
    <div className="flex items-center gap-2 rounded-md border border-line bg-canvas px-3 py-2">
      <code data-testid={testId} className="min-w-0 flex-1 font-mono text-xs break-all select-all">
        {value}
      </code>
      {window.isSecureContext && (
        <Button
          size="sm"
          onClick={copy}
          icon={copied ? <Check aria-hidden className="size-3.5" /> : <Copy aria-hidden className="size-3.5" />}
        >
          {copied ? 'Copied' : 'Copy'}
        </Button>
      )}
    </div>
  );
}
