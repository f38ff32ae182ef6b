/** What the page shows while the playhead is not at the end. */
import { useCallback, useEffect, useState } from 'react';
import { useServer } from '../shell/server.ts';
import { createPastReader, NO_PAST, type PastReader } from './past.ts';
import type { Run } from './run.ts';

/**
 * @param at undefined: the present, which needs no question.
 * @returns what is known of it, and a way to ask before the page is drawn with the playhead in its new place
 */
export function usePast(run: Run, taskId: string, at: number | undefined, generation: number) {
  const { ask } = useServer();
  const [past, setPast] = useState(NO_PAST);
  const [reader, setReader] = useState<PastReader>();
  // Of another log nothing that was answered holds.
  useEffect(() => {
    setPast(NO_PAST);
    const own = createPastReader({ ask, taskId, onPast: setPast });
    setReader(own);
    return () => own[Symbol.dispose]();
  }, [ask, taskId, generation]);
  useEffect(() => reader?.want(at), [reader, at]);
  const askEarly = useCallback((sequence: number) => reader?.want(sequence), [reader]);
  const isRefused = past.at !== undefined && past.at === at && past.shown === undefined;
  // What cannot be shown may be so old that it is no longer kept.
  useEffect(() => {
    if (isRefused) run.findFloor();
  }, [run, isRefused]);
  return [past, askEarly] as const;
}
