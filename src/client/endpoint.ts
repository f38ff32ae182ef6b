/** The address of the GraphQL endpoint, as people write it: http or ws, whole, or in a browser relative to the page. */

/** Throws TypeError for what is no such URL. */
export function toEndpoint(text: string, kind: 'http' | 'ws'): string {
  const url = new URL(text, pageUrl());
  const match = /^(?:http|ws)(s?):$/.exec(url.protocol);
  if (match === null) throw new TypeError(`${text} is not an http or ws URL.`);
  url.hash = '';
  return `${kind}${match[1] ?? ''}${url.href.slice(url.protocol.length - 1)}`;
}

function pageUrl(): string | undefined {
  const location: unknown = Reflect.get(globalThis, 'location');
  return typeof location === 'object' && location !== null && 'href' in location && typeof location.href === 'string'
    ? location.href
    : undefined;
}
