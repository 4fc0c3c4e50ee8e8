import { useRouter } from '@tanstack/react-router';
import { useEffect } from 'react';

import type { LiveStatus } from '@/api/live';

/**
 * Fetches the code of every screen while the server is there. Without it, going to a screen during
 * a restart would leave the dashboard for the browser's own error page.
 */
export function useScreensAtHand(live: LiveStatus): void {
  const router = useRouter();
  useEffect(() => {
    if (live !== 'live') return;
    for (const route of Object.values(router.routesById)) void route.options.component?.preload?.();
  }, [live, router]);
}
