/**
 * Runs in the page: components that show what the hooks say, in StrictMode, and counters beside them. Tests call it by
 * name, through `page.evaluate`.
 */
import {
  createElement as h,
  Profiler,
  startTransition,
  StrictMode,
  useLayoutEffect,
  useState,
  type ReactElement,
} from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import {
  DrumlineProvider,
  useConnection,
  useObservations,
  useTaskComponent,
  useTaskEvents,
  useTaskProgress,
  useTasks,
} from '../../src/react/index.ts';

export interface Place {
  readonly url: string;
  readonly taskId: string;
  readonly maxRate?: number | undefined;
}

/** One line for all that the hooks say of a task. */
export function Story({ taskId, maxRate }: Omit<Place, 'url'>): ReactElement {
  const { view, gap, error } = useTaskProgress(taskId, { maxRate });
  const { events, hasEnded } = useTaskEvents(taskId, { replay: true, keep: 2, maxRate });
  const { view: board } = useTasks({ taskIdPrefix: taskId }, { maxRate });
  const connection = useConnection();
  const code = error !== undefined && 'code' in error ? error.code : error?.name;
  return h(
    'p',
    {},
    JSON.stringify({
      taskId,
      sequence: view?.progress.sequence,
      gap,
      error: code,
      events: events.map(({ message }) => message),
      hasEnded,
      board: [...board.tasks.keys()],
      connection: connection.kind,
    }),
  );
}

/** What was said last, of one task and of all. */
export function Said({ taskId, last }: { readonly taskId: string; readonly last?: number | undefined }): ReactElement {
  const ofTask = useObservations(taskId, { last });
  const ofAll = useObservations(undefined, { last, keep: 3 });
  const contents = ({ observations }: typeof ofTask): readonly string[] => observations.map(({ content }) => content);
  return h('p', {}, JSON.stringify({ ofTask: contents(ofTask), ofAll: contents(ofAll), dropped: ofAll.dropped }));
}

export function story({ url, ...rest }: Place): ReactElement {
  // Headers as people write them: another function at each render.
  return h(StrictMode, {}, h(DrumlineProvider, { url, headers: () => ({}) }, h(Story, rest)));
}

interface Crowd extends Place {
  readonly components: number;
  /** Whether React is kept busy with renders that it may interrupt. */
  readonly isBusy: boolean;
}

/** What was seen in a crowd of components that show the same task. */
interface Seen {
  commits: number;
  readonly commitsOf: Record<string, number>;
  /** Commits in which two places showed two different sequences. */
  torn: number;
  /** Renders that were begun without haste, and could be interrupted. */
  interruptible: number;
  sequence: number;
  firstMs: number;
  lastMs: number;
}

function createCrowd({ url, taskId, maxRate, components, isBusy }: Crowd) {
  const seen: Seen = { commits: 0, commitsOf: {}, torn: 0, interruptible: 0, sequence: 0, firstMs: 0, lastMs: 0 };

  function Sequence(_props: { readonly tick: number }): ReactElement {
    const { view } = useTaskProgress(taskId, { maxRate });
    const sequence = view?.progress.sequence ?? 0;
    if (isBusy) spend(1);
    return h('i', {}, sequence);
  }

  function Row({ name }: { readonly name: string }): ReactElement {
    const component = useTaskComponent(taskId, name, { maxRate });
    return h('b', {}, component?.message);
  }

  function App(): ReactElement {
    const [tick, setTick] = useState(0);
    useLayoutEffect(() => {
      if (!isBusy) return undefined;
      const timer = setInterval(() => startTransition(() => setTick((old) => old + 1)), 50);
      return () => clearInterval(timer);
    }, []);
    seen.interruptible += 1;
    const rows = Array.from({ length: components }, (_, index) => {
      const name = `c${index}`;
      const onRender = () => {
        seen.commitsOf[name] = (seen.commitsOf[name] ?? 0) + 1;
      };
      return h(Profiler, { id: name, key: name, onRender }, h(Row, { name }));
    });
    const places = Array.from({ length: 20 }, (_, place) => h(Sequence, { key: place, tick }));
    return h('div', {}, places, rows);
  }

  function onCommit(): void {
    seen.commits += 1;
    seen.lastMs = performance.now();
    if (seen.firstMs === 0) seen.firstMs = seen.lastMs;
  }

  function look(): void {
    const sequences = new Set(Array.from(document.querySelectorAll('i'), ({ textContent }) => Number(textContent)));
    if (sequences.size > 1) seen.torn += 1;
    seen.sequence = Math.max(...sequences);
  }

  return {
    seen,
    look,
    element: h(StrictMode, {}, h(Profiler, { id: 'crowd', onRender: onCommit }, h(DrumlineProvider, { url }, h(App)))),
  };
}

function spend(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

function rootElement() {
  const element = document.getElementById('root');
  if (element === null) throw new Error('The page has no root.');
  return element;
}

let root: Root | undefined;
let seen: Seen | undefined;
let mounts = 0;
const recovered: string[] = [];

export const harness = {
  show(place: Place) {
    root ??= createRoot(rootElement());
    root.render(story(place));
  },
  showSaid({ url, ...rest }: Parameters<typeof Said>[0] & { readonly url: string }) {
    root ??= createRoot(rootElement());
    root.render(h(StrictMode, {}, h(DrumlineProvider, { url }, h(Said, rest))));
  },
  hydrate(place: Place) {
    root = hydrateRoot(rootElement(), story(place), { onRecoverableError: (error) => recovered.push(String(error)) });
  },
  recovered: () => recovered,
  unmount() {
    root?.unmount();
    root = undefined;
  },
  text: () => rootElement().textContent,
  crowd(crowd: Crowd) {
    const { seen: counted, element, look } = createCrowd(crowd);
    seen = counted;
    // It is told right after each commit, before anything else can happen.
    new MutationObserver(look).observe(rootElement(), { childList: true, characterData: true, subtree: true });
    root = createRoot(rootElement());
    root.render(element);
  },
  seen: () => seen,
  /** Ten by ten below one provider, until each shows the task; each has stores of its own. */
  async mountAndUnmount({ url, taskId, times }: Place & { readonly times: number }) {
    root ??= createRoot(rootElement());
    for (let count = 0; count < times; count += 10) {
      const stories = Array.from({ length: 10 }, () => {
        mounts += 1;
        return h(Story, { key: mounts, taskId, maxRate: 10 + mounts / 1_000 });
      });
      root.render(h(StrictMode, {}, h(DrumlineProvider, { url }, stories)));
      while (rootElement().textContent.match(/"sequence":[1-9]/g)?.length !== 10) await nextTurn();
      root.render(h(StrictMode, {}, h(DrumlineProvider, { url })));
      while (rootElement().textContent !== '') await nextTurn();
    }
  },
};

export type Harness = typeof harness;
