/** The board: every task as a line, live. */
import type { ReactElement } from 'react';
import { useTasks } from '../../react/index.ts';
import { ConnectionPill } from '../shell/connection-state.tsx';
import { Page } from '../shell/page.tsx';

export function BoardPage(): ReactElement {
  const { connection, error, view } = useTasks();
  return (
    <Page
      title="Drumline"
      connection={<ConnectionPill state={connection} />}
      operation={BOARD_OPERATION}
      shortcuts={[]}
      error={error}
    >
      {view.tasks.size} tasks
    </Page>
  );
}

const BOARD_OPERATION = `subscription Board {
  tasks {
    ready
    removed
    changed {
      id
      title
      progress {
        status
        stage
        displayProgress
      }
    }
  }
}
`;
