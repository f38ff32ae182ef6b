/** What the page shows while the playhead is not at the end. */
import { useEffect, useState } from 'react';
import { useServer } from '../shell/server.ts';
import { createPastReader, NO_PAST, type Past, type PastReader } from './past.ts';
import type { Run } from './run.ts';

/** @param at undefined: the present, which needs no question. */
export function usePast(run: Run, taskId: string, at: number | undefined, generation: number): Past {
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
  const isRefused = past.at !== undefined && past.at === at && past.shown === undefined;
  // What cannot be shown may be so old that it is no longer kept.
  useEffect(() => {
    if (isRefused) run.findFloor();
  }, [run, isRefused]);
  return past;
}
