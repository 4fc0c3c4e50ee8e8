import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query';

import { ApiProblem } from '@/api/problem';
import { tellFailed } from '@/components/toasts';

declare module '@tanstack/react-query' {
  interface Register {
    /** `failure` titles the message shown when a mutation fails; null when the form shows it. */
    mutationMeta: { failure?: string | null };
  }
}

type Listener = () => void;
let sessionEnded: Listener = () => undefined;

/** Who is told when any answer says that nobody is signed in any more. */
export function onSessionEnd(listener: Listener): void {
  sessionEnded = listener;
}

const isUnauthorized = (error: Error) => error instanceof ApiProblem && error.status === 401;

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isUnauthorized(error)) sessionEnded();
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _result, mutation) => {
      const failure = mutation.meta?.failure;
      if (failure === null) return;
      if (isUnauthorized(error)) sessionEnded();
      else tellFailed(failure ?? 'That did not work', error);
    },
  }),
  // The house may be this very machine: it answers whatever the browser thinks of the network.
  defaultOptions: {
    mutations: { networkMode: 'always' },
    queries: {
      networkMode: 'always',
      staleTime: 10_000,
      retry: (failures, error) => {
        const status = error instanceof ApiProblem ? error.status : 0;
        return failures < 2 && (status === 0 || status >= 500);
      },
    },
  },
});
