/** Whether a media query holds, as it changes. */
import { useCallback, useMemo, useSyncExternalStore } from 'react';

/** As in `board.css`. */
export const PHONE = '(max-width: 720px)';

export function useMedia(query: string): boolean {
  const list = useMemo(() => matchMedia(query), [query]);
  const subscribe = useCallback(
    (listener: () => void) => {
      list.addEventListener('change', listener);
      return () => list.removeEventListener('change', listener);
    },
    [list],
  );
  return useSyncExternalStore(subscribe, () => list.matches);
}
