/** One task: its score, its events, and any moment of it. */
import { useCallback, useEffect, type ReactElement } from 'react';
import { useAddress } from '../shell/address.ts';
import { ConnectionPill } from '../shell/connection-state.tsx';
import { Link } from '../shell/link.tsx';
import { Page } from '../shell/page.tsx';
import { KnownRun } from './known-run.tsx';
import { useHeader, useRun } from './use-run.ts';
import { Waiting } from './waiting.tsx';

export function RunPage({ taskId }: { readonly taskId: string }): ReactElement {
  const { run, state } = useRun(taskId);
  const header = useHeader(taskId, state.view !== undefined);
  const { view, connection, error } = state;
  const { at, move } = usePlace(view?.progress.sequence);
  const page = {
    title: `${header.title ?? taskId} · Drumline`,
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
  return <KnownRun {...{ page, run, state, taskId, header, view, at, move }} />;
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
