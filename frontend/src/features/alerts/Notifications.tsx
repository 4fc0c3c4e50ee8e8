import { CircleCheck, OctagonX } from 'lucide-react';

import type { AlertResponse } from '@/api/types';
import { Time } from '@/components/Time';

/** Who was told, and whether it arrived. */
export function Notifications({ records }: { records: AlertResponse['notifications'] }) {
  if (records.length === 0) return null;
  return (
    <ul aria-label="Notifications" className="mt-1.5 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
      {records.map((record) => (
        <li key={`${record.channel_name} ${record.transition}`} className="inline-flex items-center gap-1.5">
          {record.delivered ? (
            <CircleCheck aria-hidden className="size-3.5 shrink-0 text-up" />
          ) : (
            <OctagonX aria-hidden className="size-3.5 shrink-0 text-down" />
          )}
          <span>
            {record.channel_name}: {record.transition}{' '}
            {record.delivered ? (
              <>
                delivered <Time at={record.at} ago />
              </>
            ) : (
              <>
                not delivered after {record.attempts} attempts{record.error && `: ${record.error}`}
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
