import { useEffect, useState } from 'react';

import { reconnectDelay, socketUrl } from '@/api/live';

import { afterMessages, NOTHING_YET, type RunMessage, type RunState } from './runStream';

/** Messages are shown in batches: a fast run sends hundreds each second. */
const BATCH_MS = 100;

/**
 * Follows a run for as long as it lasts. A lost connection is opened again and gets everything
 * replayed; the page also asks over REST, so a run is never shown as running when it is not.
 */
export function useRunStream(runId: string, enabled: boolean): RunState {
  const [state, setState] = useState<{ runId: string; run: RunState }>({ runId, run: NOTHING_YET });
  useEffect(() => {
    if (!enabled) return undefined;
    return follow(runId, (messages) =>
      setState((before) => ({
        runId,
        run: afterMessages(before.runId === runId ? before.run : NOTHING_YET, messages),
      })),
    );
  }, [runId, enabled]);
  return state.runId === runId ? state.run : NOTHING_YET;
}

function follow(runId: string, onMessages: (messages: RunMessage[]) => void): () => void {
  let socket: WebSocket | undefined;
  let timer: number | undefined;
  let attempt = 0;
  let stopped = false;
  let waiting: RunMessage[] = [];
  const flush = window.setInterval(() => {
    if (waiting.length === 0) return;
    onMessages(waiting);
    waiting = [];
  }, BATCH_MS);

  const connect = () => {
    socket = new WebSocket(socketUrl(`/api/v1/benchmarks/${encodeURIComponent(runId)}/stream`));
    socket.onmessage = (event: MessageEvent<string>) => {
      attempt = 0;
      const message = JSON.parse(event.data) as RunMessage;
      if (message.type === 'complete' || message.type === 'error') stopped = true;
      waiting.push(message);
    };
    socket.onclose = () => {
      if (!stopped) timer = window.setTimeout(connect, reconnectDelay(attempt++));
    };
  };
  connect();

  return () => {
    stopped = true;
    window.clearTimeout(timer);
    window.clearInterval(flush);
    if (socket) socket.onmessage = socket.onclose = null;
    socket?.close();
  };
}
