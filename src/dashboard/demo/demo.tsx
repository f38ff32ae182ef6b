/** The demo run, played from this page. It stands above the views, so that it goes on whichever is shown, and after a reload. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactElement, type ReactNode } from 'react';
import { EmitEventsDocument, InitTaskDocument, OperationFailedError } from '../../client/index.ts';
import { useAddress } from '../shell/address.ts';
import { useServer } from '../shell/server.ts';
import { parseRun, type DemoRun } from './run.ts';

export interface Demo {
  readonly state: 'idle' | 'starting' | 'playing';
  /** Why it could not be played, in words. */
  readonly problem: string | undefined;
  start(this: void): void;
}

const DemoContext = createContext<Demo | undefined>(undefined);

export function useDemo(): Demo {
  const demo = useContext(DemoContext);
  if (demo === undefined) throw new Error('This part of the page needs a DemoProvider above it.');
  return demo;
}

const RUN_KEY = 'drumline-demo';

export function DemoProvider({ children }: { readonly children: ReactNode }): ReactElement {
  const { url, headers, ask } = useServer();
  const { open } = useAddress();
  const [run, setRun] = useState(() => parseRun(sessionStorage.getItem(RUN_KEY)));
  const [isStarting, setStarting] = useState(false);
  const [problem, setProblem] = useState<string>();

  useEffect(() => {
    if (run === undefined) return;
    const leaving = new AbortController();
    const { signal } = leaving;
    async function play(run: DemoRun): Promise<void> {
      try {
        const { playDemo } = await import('./play.ts');
        await playDemo(run, { url, headers, signal });
      } catch (error) {
        if (!signal.aborted) setProblem(wordsFor(error));
      }
      if (signal.aborted) return;
      sessionStorage.removeItem(RUN_KEY);
      setRun(undefined);
    }
    void play(run);
    return () => leaving.abort();
  }, [run, url, headers]);

  const demo = useMemo((): Demo => {
    async function start(): Promise<void> {
      setStarting(true);
      setProblem(undefined);
      try {
        const [{ scheduleOf }, { DEMO_TITLE }] = await Promise.all([
          import('./schedule.ts'),
          import('../../demo/demo-run.ts'),
        ]);
        const startedAt = Date.now();
        const run = { taskId: `demo-${startedAt.toString(36)}`, seed: startedAt % 2 ** 31, startedAt };
        await ask(InitTaskDocument, { input: { taskId: run.taskId, title: DEMO_TITLE, labels: ['demo'] } });
        // The first is asked for here, where a refusal can be said beside the button.
        await ask(EmitEventsDocument, {
          inputs: scheduleOf(run)
            .slice(0, 1)
            .map(({ event }) => event),
        });
        sessionStorage.setItem(RUN_KEY, JSON.stringify(run));
        setRun(run);
        open({ task: run.taskId });
      } catch (error) {
        setProblem(wordsFor(error));
      } finally {
        setStarting(false);
      }
    }
    const state = isStarting ? 'starting' : run === undefined ? 'idle' : 'playing';
    return { state, problem, start: () => void start() };
  }, [ask, open, run, isStarting, problem]);
  return <DemoContext value={demo}>{children}</DemoContext>;
}

function wordsFor(error: unknown): string {
  if (!(error instanceof OperationFailedError)) return 'The server did not answer.';
  if (error.code === 'FORBIDDEN') return 'This key may watch, but not report: the demo needs one that may emit.';
  if (error.code === 'UNAUTHENTICATED' || error.code.startsWith('TOKEN_')) return 'The server does not take this key.';
  return `The server refused: ${error.message}`;
}
