/** One task: its score, its events, and any moment of it. */
import type { ReactElement } from 'react';
import { ownDirection } from '../parts/text.ts';
import { ConnectionPill } from '../shell/connection-state.tsx';
import { Link } from '../shell/link.tsx';
import { Page } from '../shell/page.tsx';
import { KnownRun } from './known-run.tsx';
import { usePlace } from './use-place.ts';
import { useHeading, useRun } from './use-run.ts';
import { Waiting } from './waiting.tsx';

export function RunPage({ taskId }: { readonly taskId: string }): ReactElement {
  const { run, state } = useRun(taskId);
  const heading = useHeading(taskId, state.view !== undefined, state.generation);
  const { view, connection, error } = state;
  const { at, move } = usePlace(view?.progress.sequence);
  const page = {
    title: `${ownDirection(heading.title ?? taskId)} · Drumline`,
    place: (
      <span className="place">
        <Link to={{}}>Tasks</Link>
        <span className="soft"> / </span>
        <code className="foreign cut">{taskId}</code>
      </span>
    ),
    connection: <ConnectionPill state={connection} isOver={view?.hasEnded === true} error={error} news={view} />,
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
  return <KnownRun {...{ page, run, state, taskId, heading, view, at, move }} />;
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
