/** One task: its score, its events, and any moment of it. */
import { useCallback, useEffect, useState, type ReactElement } from 'react';
import { OperationFailedError } from '../../client/index.ts';
import { PHONE, useMedia } from '../parts/use-media.ts';
import { useNow } from '../parts/use-now.ts';
import { useAddress } from '../shell/address.ts';
import { ConnectionPill } from '../shell/connection-state.tsx';
import { Link } from '../shell/link.tsx';
import { Page } from '../shell/page.tsx';
import { Announcer } from './announcer.tsx';
import { ComponentTable } from './component-table.tsx';
import { FeedPanel } from './feed-panel.tsx';
import { useFeedFilter } from './feed-filter.ts';
import { FailureNotice, LateNotice, PastNotice, TearNotice } from './notices.tsx';
import { firstFailure, nextProblem } from './problem-marks.tsx';
import { RunHeader } from './run-header.tsx';
import { Score, timeSoFar } from './score.tsx';
import { usePast, type Shown } from './shown.ts';
import { useEvent, useHeader, useRun } from './use-run.ts';
import { useRange } from './use-range.ts';
import { Waiting } from './waiting.tsx';
import type { Run, RunState } from './run.ts';

export function RunPage({ taskId }: { readonly taskId: string }): ReactElement {
  const { run, state } = useRun(taskId);
  const { title, labels } = useHeader(taskId, state.view !== undefined);
  const { view, connection, error } = state;
  const { at, move } = usePlace(view?.progress.sequence);
  const page = {
    title: `${title ?? taskId} · Drumline`,
    place: (
      <span className="place">
        <Link to={{}}>Tasks</Link>
        <span className="soft"> / </span>
        <code className="foreign cut">{taskId}</code>
      </span>
    ),
    connection: <ConnectionPill state={connection} isOver={view?.hasEnded === true} />,
    operation: operationOf(taskId),
    error,
  };
  if (view === undefined) {
    return (
      <Page {...page} shortcuts={[]}>
        <Waiting taskId={taskId} connection={connection} error={error} />
      </Page>
    );
  }
  return <KnownRun {...{ page, run, state, taskId, title, labels, view, at, move }} />;
}

interface KnownRunProps {
  readonly page: Omit<Parameters<typeof Page>[0], 'children' | 'shortcuts'>;
  readonly run: Run;
  readonly state: RunState;
  readonly view: NonNullable<RunState['view']>;
  readonly taskId: string;
  readonly title: string | undefined;
  readonly labels: readonly string[];
  readonly at: number | undefined;
  readonly move: (sequence: number | undefined) => void;
}

function KnownRun({ page, run, state, view, taskId, title, labels, at, move }: KnownRunProps): ReactElement {
  const { history } = run;
  const isPhone = useMedia(PHONE);
  const [tab, setTab] = useState<'score' | 'events'>('score');
  const control = useFeedFilter();
  const isRunning = view.progress.status === 'RUNNING';
  const nowMs = useNow(1_000, isRunning);
  const past = usePast(taskId, at);
  const shown: Shown = at === undefined ? view : (past.shown ?? view);
  const untilMs = timeSoFar(view, state.heardAtMs, nowMs);
  const range = useRange(Math.min(Date.parse(view.progress.startedAt), history.firstMs ?? Infinity), untilMs);
  const lateCount = history.endedAt === undefined ? 0 : history.head - history.endedAt;
  const problemFrom = at ?? view.progress.sequence + 1;
  const jump = (step: 1 | -1): void => {
    const found = nextProblem(history, problemFrom, step);
    if (found !== undefined) move(found);
  };
  const shortcuts = [
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
  const choose = useCallback((name: string) => control.toggle('components', name), [control]);

  return (
    <Page {...page} shortcuts={shortcuts}>
      <div className="run">
        <RunHeader
          {...{ taskId, title, labels, shown, nowMs }}
          isPast={at !== undefined}
          heardAtMs={state.heardAtMs}
          aside={
            at !== undefined && (
              <PastNotice
                at={at}
                head={view.progress.sequence}
                atMs={history.get(at)?.timeMs}
                isLate={past.isLate}
                error={past.error}
                isOver={!isRunning}
                onLeave={() => move(undefined)}
              />
            )
          }
        />
        <div className="notices">
          {state.error !== undefined && <StreamError error={state.error} />}
          <TearNotice tears={state.tears} />
          <Failures {...{ run, taskId, view }} onMove={move} />
          {lateCount > 0 && <LateNotice count={lateCount} />}
        </div>
        {isPhone && (
          <div className="tabs" role="tablist">
            {(['score', 'events'] as const).map((name) => (
              <button key={name} role="tab" aria-selected={tab === name} onClick={() => setTab(name)}>
                {name}
              </button>
            ))}
          </div>
        )}
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
        {(!isPhone || tab === 'events') && (
          <div className="below">
            <FeedPanel
              run={run}
              taskId={taskId}
              upTo={at ?? Infinity}
              endedAt={history.endedAt}
              onMove={move}
              control={control}
              rowHeight={isPhone ? 52 : 28}
            />
          </div>
        )}
        <ComponentTable components={shown.components} />
        <Announcer
          stage={view.progress.stage}
          status={view.progress.status}
          problems={history.problems.length}
          connection={state.connection.kind}
        />
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

/** The playhead is in the address. The end of a run is the present. */
function usePlace(head: number | undefined) {
  const { params, set } = useAddress();
  const given = params.get('at');
  const number = given === null ? Number.NaN : Number(given);
  const at = Number.isInteger(number) && number >= 0 && number < (head ?? 0) ? number : undefined;
  const move = useCallback(
    (sequence: number | undefined) => set({ at: sequence === undefined ? undefined : String(sequence) }),
    [set],
  );
  useEffect(() => {
    if (given !== null && head !== undefined && at === undefined) set({ at: undefined });
  }, [given, head, at, set]);
  return { at, move };
}

function StreamError({ error }: { readonly error: Error }): ReactElement {
  const isDeleted = error instanceof OperationFailedError && error.code === 'TASK_DELETED';
  return (
    <p className="note failed" role="alert">
      {isDeleted ? 'This task was deleted. What is shown is the last that was known of it.' : error.message}
    </p>
  );
}

function operationOf(taskId: string): string {
  return `subscription Watch {
  taskUpdates(taskId: ${JSON.stringify(taskId)}) {
    __typename
    cursor
    progress {
      status
      stage
      displayProgress
      sequence
    }
    ... on TaskEventRecorded {
      event {
        sequence
        eventType
        component
        message
        progress
      }
    }
    ... on TaskGap {
      reason
    }
  }
}
`;
}
