/** The time, for what grows older on the screen: all that ask for the same step change in one go. */
import { useEffect, useState } from 'react';

/** Milliseconds since 1970, a step old at most. A hidden page does not count. */
export function useNow(stepMs: number, isOn = true): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!isOn) return;
    setNow(Date.now());
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, stepMs);
    return () => clearInterval(timer);
  }, [stepMs, isOn]);
  return now;
}
