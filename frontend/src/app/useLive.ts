import { focusManager, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';

import { meQuery } from '@/api/auth';
import { LiveStream, type LiveStatus, socketUrl } from '@/api/live';

import { LiveCache } from './liveCache';

/** Keeps every query fresh from the live stream for as long as the caller is on the page. */
export function useLive(): LiveStatus {
  const client = useQueryClient();
  const [{ stream, cache }] = useState(() => {
    const liveCache = new LiveCache(client);
    const liveStream = new LiveStream({
      url: socketUrl('/api/v1/stream'),
      onMessage: liveCache.apply,
      hasSession: () =>
        client
          .query({ ...meQuery, staleTime: 0 })
          .then(() => true)
          .catch(() => false),
    });
    return { stream: liveStream, cache: liveCache };
  });
  useEffect(() => {
    let wasLost = false;
    const stopWatching = stream.subscribe(() => {
      const status = stream.status();
      if (status === 'live' && wasLost) cache.everything();
      wasLost = status === 'lost' || (wasLost && status !== 'live');
    });
    const stopLooking = focusManager.subscribe((focused) => {
      if (focused) cache.lookedAt();
    });
    stream.start();
    return () => {
      stopWatching();
      stopLooking();
      stream.stop();
      cache.stop();
    };
  }, [stream, cache]);
  return useSyncExternalStore(stream.subscribe, stream.status);
}
