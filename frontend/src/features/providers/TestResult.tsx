import { CircleCheck, OctagonX } from 'lucide-react';

import type { ProviderTest } from '@/api/types';
import { milliseconds } from '@/format/numbers';

/** What came of asking a provider once. */
export function TestResult({ result }: { result: ProviderTest }) {
  const Icon = result.success ? CircleCheck : OctagonX;
  const details = describe(result.details ?? {});
  return (
    <div
      role="status"
      data-testid="test-result"
      className={`flex items-start gap-2.5 rounded-md px-3 py-2.5 text-[0.8125rem] ${result.success ? 'bg-up-soft text-up' : 'bg-down-soft text-down'}`}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0">
        <p className="font-medium">{result.success ? 'Connection works' : 'Connection failed'}</p>
        <p className="break-words">{result.message}</p>
        {details && <p className="mt-0.5 text-xs opacity-85">{details}</p>}
      </div>
    </div>
  );
}

function describe(details: Record<string, unknown>): string {
  const parts: string[] = [];
  if (typeof details.model === 'string' && details.model) parts.push(`asked ${details.model}`);
  if (typeof details.http_status === 'number') parts.push(`HTTP ${details.http_status}`);
  if (typeof details.ttft_ms === 'number') parts.push(`TTFT ${milliseconds(details.ttft_ms)}`);
  if (typeof details.total_ms === 'number') parts.push(`total ${milliseconds(details.total_ms)}`);
  return parts.join(' · ');
}
