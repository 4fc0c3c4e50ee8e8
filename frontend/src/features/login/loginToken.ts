/** The one-time token of a login link, `/login#token=...`: a fragment never reaches a server. */
export function loginTokenFrom(hash: string): string | undefined {
  const token = new URLSearchParams(hash.replace(/^#/, '')).get('token');
  return token === null || token === '' ? undefined : token;
}
