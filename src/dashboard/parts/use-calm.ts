/** What changes many times a second, and is costly to show. */
import { useEffect, useRef, useState } from 'react';

/** @returns the value, at most `everyMs` old; 0: always as it is */
export function useCalm<Value>(value: Value, everyMs: number): Value {
  const [calm, setCalm] = useState(value);
  const takenAt = useRef(-Infinity);
  useEffect(() => {
    if (everyMs === 0) return;
    const take = (): void => {
      takenAt.current = performance.now();
      setCalm(value);
    };
    const timer = setTimeout(take, takenAt.current + everyMs - performance.now());
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return everyMs === 0 ? value : calm;
}
