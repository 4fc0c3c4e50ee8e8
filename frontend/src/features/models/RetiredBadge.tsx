import { Time } from '@/components/Time';

/** Its provider no longer lists the model, and it is not watched: to watch it again ends that. */
export function RetiredBadge({ since }: { since: string }) {
  return (
    <p className="text-xs text-degraded">
      No longer listed since <Time at={since} />
    </p>
  );
}
