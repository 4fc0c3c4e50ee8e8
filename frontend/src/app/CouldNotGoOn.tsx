import { type ErrorComponentProps, useRouter } from '@tanstack/react-router';

import { ErrorState } from '@/components/Notice';

/** In place of everything, when not even the frame can stand. Another try asks the routes again. */
export function CouldNotGoOn({ error: thrown }: ErrorComponentProps) {
  const router = useRouter();
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return (
    <main>
      <ErrorState error={error} onRetry={() => void router.invalidate()} what="The dashboard could not go on." />
    </main>
  );
}
