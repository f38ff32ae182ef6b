/** What the time is for the server, whose times everything on the page tells. */
import { useNow } from '../parts/use-now.ts';
import { useServer } from './server.ts';

/** Milliseconds since 1970, a step old at most. */
export function useServerNow(stepMs: number, isOn = true): number {
  const { clockAheadMs } = useServer();
  return useNow(stepMs, isOn) - clockAheadMs;
}
