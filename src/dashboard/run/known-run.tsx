/** A run that something is known of: where it stands, its score, its events and what is said of it. */
import { useCallback, useState, type ReactElement } from 'react';
import { OperationFailedError } from '../../client/index.ts';
import { useObservations } from '../../react/index.ts';
import { PHONE, useMedia } from '../parts/use-media.ts';
import { useServerNow } from '../shell/clock.ts';
import { Page, type PageProps } from '../shell/page.tsx';
import type { Shortcut } from '../shell/shortcuts.tsx';
import { Announcer } from './announcer.tsx';
import { ComponentTable } from './component-table.tsx';
import { FeedPanel } from './feed-panel.tsx';
import { useFeedFilter } from './feed-filter.ts';
import { FailureNotice, LateNotice, PastNotice, TearNotice } from './notices.tsx';
import { Observations } from './observations.tsx';
import { firstFailure, nextProblem } from './problems.ts';
import { RunHeader } from './run-header.tsx';
import type { Run, RunState } from './run.ts';
import { timeSoFar } from './scale.ts';
import { Score } from './score.tsx';
import { usePast } from './use-past.ts';
import { useEvent, type Heading } from './use-run.ts';
import { useRange, type RangeControl } from './use-range.ts';

export interface KnownRunProps {
  readonly page: Omit<PageProps, 'children' | 'shortcuts'>;
  readonly run: Run;
  readonly state: RunState;
  readonly view: NonNullable<RunState['view']>;
  readonly taskId: string;
  readonly heading: Heading;
  readonly at: number | undefined;
  readonly move: (sequence: number | undefined) => void;
}

export function KnownRun(props: KnownRunProps): ReactElement {
  const { page, run, state, view, taskId, heading, at } = props;
  const { history } = run;
  const isPhone = useMedia(PHONE);
  const [tab, setTab] = useState<Tab>('score');
  const control = useFeedFilter();
  const isRunning = view.progress.status === 'RUNNING';
  // Without news nobody is silent: time stands still until the connection is back.
  const nowMs = useServerNow(1_000, isRunning && state.connection.kind === 'connected');
  const [past, askEarly] = usePast(run, taskId, at, state.generation);
  const move = useCallback(
    (sequence: number | undefined) => {
      if (sequence !== undefined && sequence < history.head) askEarly(sequence);
      props.move(sequence);
    },
    [history, askEarly, props.move],
  );
  const shown = at === undefined ? view : past.shown;
  const heardAtMs = state.heardAtMs ?? heading.saidAtMs ?? Date.parse(view.progress.lastUpdate);
  const silentMs = Math.max(0, nowMs - heardAtMs);
  const untilMs = timeSoFar(view.progress, silentMs);
  const firstMs = Math.min(Date.parse(view.progress.startedAt), history.firstMs ?? Infinity);
  const range = useRange(firstMs, untilMs, isPhone ? 0.05 : 0.02);
  const lateCount = history.endedAt === undefined ? 0 : history.head - history.endedAt;
  const problemFrom = at ?? view.progress.sequence;
  const jump = (step: 1 | -1): void => {
    const found = nextProblem(history, problemFrom, step);
    if (found !== undefined) move(found);
  };
  const shortcuts = shortcutsOf({ control, range, jump, move });
  const observations = useObservations(taskId);
  const hasObservations = observations.observations.length > 0;
  const choose = useCallback((name: string) => control.toggle('components', name), [control]);

  return (
    <Page {...page} shortcuts={shortcuts}>
      <div className="run">
        <RunHeader
          {...{ taskId, shown, silentMs }}
          title={heading.title}
          labels={heading.labels}
          isPast={at !== undefined}
          aside={
            at !== undefined && (
              <PastNotice
                at={at}
                head={history.head}
                atMs={history.get(at)?.timeMs}
                past={past}
                isOver={!isRunning}
                onLeave={() => move(undefined)}
              />
            )
          }
        />
        <div className="notices">
          {state.error !== undefined && <StreamError error={state.error} />}
          {run.refusal !== undefined && <Refusal what="The past of this run" error={run.refusal} />}
          {observations.error !== undefined && <Refusal what="What is said of this run" error={observations.error} />}
          <TearNotice tears={state.tears} />
          <Failures {...{ run, taskId, view }} onMove={move} />
          {lateCount > 0 && <LateNotice count={lateCount} />}
        </div>
        {isPhone && <Tabs tabs={hasObservations ? TABS : TABS.slice(0, 2)} tab={tab} onTab={setTab} />}
        {(!isPhone || tab === 'score') && (
          <Score
            {...{ run, view, shown, at, untilMs }}
            tears={state.tears}
            control={range}
            chosen={control.filter.components}
            onMove={move}
            onChoose={choose}
          />
        )}
        <div className={hasObservations ? 'below with-observations' : 'below'}>
          {(!isPhone || tab === 'events') && (
            <FeedPanel
              {...{ run, taskId, control }}
              upTo={at ?? Infinity}
              endedAt={history.endedAt}
              generation={state.generation}
              onMove={move}
              rowHeight={isPhone ? 52 : 28}
            />
          )}
          {hasObservations && (!isPhone || tab === 'observations') && (
            <Observations
              state={observations}
              untilMs={at === undefined ? Infinity : Date.parse(shown?.progress.lastUpdate ?? '')}
            />
          )}
        </div>
        {shown !== undefined && <ComponentTable components={shown.components} />}
        <Announcer run={run} stage={view.progress.stage} status={view.progress.status} />
      </div>
    </Page>
  );
}

/** How it failed, and what failed first: they are seldom the same. */
function Failures(props: Pick<KnownRunProps, 'run' | 'taskId' | 'view'> & { readonly onMove: KnownRunProps['move'] }) {
  const { run, taskId, view, onMove } = props;
  const hasFailed = view.progress.status === 'FAILED';
  const endedAt = hasFailed ? run.history.endedAt : undefined;
  const firstAt = hasFailed ? firstFailure(run.history) : undefined;
  const ending = useEvent(run, taskId, endedAt);
  const first = useEvent(run, taskId, firstAt);
  return (
    <>
      {endedAt !== undefined && <FailureNotice label="Failed" event={ending} sequence={endedAt} onMove={onMove} />}
      {firstAt !== undefined && firstAt !== endedAt && (
        <FailureNotice label="What failed first" event={first} sequence={firstAt} onMove={onMove} />
      )}
    </>
  );
}

function Refusal({ what, error }: { readonly what: string; readonly error: Error }): ReactElement {
  return (
    <p className="note failed" role="alert">
      {what} cannot be read: {error.message}
    </p>
  );
}

type Tab = (typeof TABS)[number];
const TABS = ['score', 'events', 'observations'] as const;

interface TabsProps {
  readonly tabs: readonly Tab[];
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

/** On a phone there is room for one part at a time. */
function Tabs({ tabs, tab, onTab }: TabsProps): ReactElement {
  return (
    <div className="part-tabs" role="group" aria-label="What is shown">
      {tabs.map((name) => (
        <button key={name} aria-pressed={tab === name} onClick={() => onTab(name)}>
          {name}
        </button>
      ))}
    </div>
  );
}

interface Keyed {
  readonly control: ReturnType<typeof useFeedFilter>;
  readonly range: RangeControl;
  readonly jump: (step: 1 | -1) => void;
  readonly move: KnownRunProps['move'];
}

function shortcutsOf({ control, range, jump, move }: Keyed): readonly Shortcut[] {
  return [
    { keys: ['ArrowLeft', 'ArrowRight'], does: 'on the playhead: one event back, one on' },
    { keys: ['PageUp', 'PageDown'], does: 'on the playhead: a twentieth of the run' },
    { keys: ['p'], does: 'the problem before', run: () => jump(-1) },
    { keys: ['n'], does: 'the next problem', run: () => jump(1) },
    { keys: ['l', 'Escape'], does: 'live, or to the end', run: () => move(undefined) },
    { keys: ['+', '='], does: 'show less time', run: () => range.zoomBy(0.5) },
    { keys: ['-'], does: 'show more time', run: () => range.zoomBy(2) },
    { keys: [','], does: 'earlier, where zoomed', run: () => range.panBy(-0.2) },
    { keys: ['.'], does: 'later, where zoomed', run: () => range.panBy(0.2) },
    { keys: ['0'], does: 'show all of the run', run: range.showAll },
    {
      keys: ['w'],
      does: 'problems only, in the list',
      run: () => control.setProblemsOnly(!control.filter.problemsOnly),
    },
  ];
}

function StreamError({ error }: { readonly error: Error }): ReactElement {
  const isDeleted = error instanceof OperationFailedError && error.code === 'TASK_DELETED';
  return (
    <p className="note failed" role="alert">
      {isDeleted ? 'This task was deleted. What is shown is the last that was known of it.' : error.message}
    </p>
  );
}
