// The one way to the REST API: typed by its OpenAPI document, same origin, session by cookie.
import createClient from 'openapi-fetch';

import type { paths } from './generated/schema';
import { ApiProblem, problemFrom } from './problem';

const NEVER_REFRESHED = ['/api/v1/auth/login', '/api/v1/auth/refresh', '/api/v1/auth/logout'];

let refreshing: Promise<boolean> | undefined;

/** Renew the session once, however many requests found it ended at the same moment. */
function refreshSession(): Promise<boolean> {
  refreshing ??= fetch('/api/v1/auth/refresh', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
    .then((answer) => answer.ok)
    .catch(() => false)
    .finally(() => {
      refreshing = undefined;
    });
  return refreshing;
}

async function sessionFetch(request: Request): Promise<Response> {
  const spare = request.clone();
  const answer = await fetch(request);
  const refreshable = !NEVER_REFRESHED.includes(new URL(request.url).pathname);
  if (answer.status !== 401 || !refreshable || !(await refreshSession())) return answer;
  return fetch(spare);
}

export const api = createClient<paths>({ fetch: sessionFetch });

interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/**
 * The data of a successful answer.
 *
 * Throws an ApiProblem for every other answer, with status 0 when there was none.
 */
export async function unwrap<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  let answer: Answer<Data>;
  try {
    answer = await call;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiProblem(0, 'The server cannot be reached.');
  }
  const { response, data, error } = answer;
  if (!response.ok) throw problemFrom(response.status, error);
  const location = response.headers.get('location');
  return response.status === 202 && location ? awaitAt<Data>(location) : (data as Data);
}

const LOOK_AGAIN_MS = 300;
const LOOKS = 20;

/** A change that is stored, but not to be seen yet: look where it will be until it is there. */
async function awaitAt<Data>(location: string): Promise<Data> {
  for (let look = 0; look < LOOKS; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    const answer = await sessionFetch(new Request(location));
    if (answer.ok) return (await answer.json()) as Data;
  }
  throw new ApiProblem(202, 'It is stored, but takes long to appear. Look again in a moment.');
}
