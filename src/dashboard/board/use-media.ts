/** Whether a media query holds, as it changes. */
import { useCallback, useSyncExternalStore } from 'react';

/** As in `board.css`. */
export const PHONE = '(max-width: 720px)';

export function useMedia(query: string): boolean {
  const subscribe = useCallback(
    (listener: () => void) => {
      const list = matchMedia(query);
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [query],
  );
  return useSyncExternalStore(subscribe, () => matchMedia(query).matches);
}
