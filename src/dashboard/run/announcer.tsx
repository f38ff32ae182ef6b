/** What a screen reader hears by itself: stages, trouble as it comes, and the end; not every beat. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import { isTrouble, lookOf } from '../../view/look.ts';
import { words } from '../parts/time.ts';
import type { Run } from './run.ts';

export interface AnnouncerProps {
  readonly run: Run;
  readonly stage: string;
  readonly status: string;
}

/** More in this time are one announcement. */
const PAUSE_MS = 2_000;

export function Announcer({ run, stage, status }: AnnouncerProps): ReactElement {
  const [text, setText] = useState('');
  const before = useRef({ stage, status });
  useEffect(() => {
    const last = before.current;
    before.current = { stage, status };
    if (status !== last.status) setText(`The task is ${words(status)}.`);
    else if (stage !== last.stage) setText(`Stage: ${words(stage)}.`);
  }, [stage, status]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let more = 0;
    const leave = run.onBeat(({ eventType, component, message, sequence }) => {
      if (!isTrouble(lookOf(eventType, 0))) return;
      if (timer !== undefined) {
        more += 1;
        return;
      }
      setText(`${words(eventType)}, event ${sequence}, ${component}: ${message}`);
      timer = setTimeout(() => {
        timer = undefined;
        if (more > 0) setText(`${more} more warnings or errors, up to event ${run.history.head}.`);
        more = 0;
      }, PAUSE_MS);
    });
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, [run]);
  return (
    <p className="aside" aria-live="polite">
      {text}
    </p>
  );
}
