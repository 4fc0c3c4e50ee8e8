/** A login link at the address this browser knows the house by, which others know it by too. */
export const linkHere = (url: string, origin: string): string => {
  const { pathname, hash } = new URL(url);
  return `${origin}${pathname}${hash}`;
};
