/**
 * What is shown is in the address, so that a reload, the way back and a link show it again. It is all in the query:
 * the server has one page, below whatever path it is mounted.
 */
import { useMemo, useSyncExternalStore } from 'react';

/** `undefined` takes a parameter out; a list is one parameter for each. */
export type AddressChange = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Address {
  readonly params: URLSearchParams;
  /** A new entry for the way back. Pages begin with nothing of what was shown before. */
  open(this: void, change: AddressChange): void;
  /** The same entry, shown differently. */
  set(this: void, change: AddressChange): void;
}

/** The browser tells of the way back, but not of what we write ourselves. */
const WRITTEN = 'drumline:address';

export function useAddress(): Address {
  const search = useSyncExternalStore(subscribe, () => location.search);
  return useMemo(() => ({ params: new URLSearchParams(search), open, set }), [search]);
}

/** As an `href`, for links. */
export function hrefOf(change: AddressChange): string {
  return `?${apply(new URLSearchParams(), change).toString()}`;
}

function open(change: AddressChange): void {
  write('pushState', apply(new URLSearchParams(), change));
  scrollTo(0, 0);
}

function set(change: AddressChange): void {
  write('replaceState', apply(new URLSearchParams(location.search), change));
}

function write(how: 'pushState' | 'replaceState', params: URLSearchParams): void {
  const search = params.toString();
  if (how === 'replaceState' && search === location.search.slice(1)) return;
  // What else is kept with the entry (where the list was scrolled to) stays with it.
  history[how](
    how === 'replaceState' ? history.state : undefined,
    '',
    search === '' ? location.pathname : `?${search}`,
  );
  dispatchEvent(new Event(WRITTEN));
}

function apply(params: URLSearchParams, change: AddressChange): URLSearchParams {
  for (const [name, value] of Object.entries(change)) {
    params.delete(name);
    if (value === undefined || value === '') continue;
    for (const each of typeof value === 'string' ? [value] : value) params.append(name, each);
  }
  return params;
}

function subscribe(listener: () => void): () => void {
  addEventListener('popstate', listener);
  addEventListener(WRITTEN, listener);
  return () => {
    removeEventListener('popstate', listener);
    removeEventListener(WRITTEN, listener);
  };
}
