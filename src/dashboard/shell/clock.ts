/** What the time is for the server, whose times everything on the page tells. */
import { useEffect, useState } from 'react';
import { useServer } from './server.ts';

/**
 * Milliseconds since 1970, a step old at most. A page that is not seen does not count.
 * @param isOn whether time goes on; else it stands still
 */
export function useServerNow(stepMs: number, isOn = true): number {
  const { clockAheadMs } = useServer();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isOn) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, stepMs);
    return () => clearInterval(timer);
  }, [stepMs, isOn]);
  return now - clockAheadMs;
}
