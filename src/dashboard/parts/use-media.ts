/** What the reader's system asks for, as it changes. */
import { useSyncExternalStore } from 'react';

export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    () => matchMedia(query).matches,
  );
}

export const PHONE = '(max-width: 720px)';
export const DARK = '(prefers-color-scheme: dark)';
export const CALM = '(prefers-reduced-motion: reduce)';
