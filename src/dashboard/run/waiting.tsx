/** A task that nothing is known of yet. It may come: then it is shown. */
import { useEffect, useState, type ReactElement } from 'react';
import type { ConnectionState } from '../../client/index.ts';
import { Mark } from '../parts/mark.tsx';

export interface WaitingProps {
  readonly taskId: string;
  readonly connection: ConnectionState;
  readonly error: Error | undefined;
}

/** A known task answers at once. */
const PATIENCE_MS = 400;

export function Waiting({ taskId, connection, error }: WaitingProps): ReactElement {
  const isConnected = connection.kind === 'connected';
  const [isWaiting, setWaiting] = useState(false);
  useEffect(() => {
    if (!isConnected) return setWaiting(false);
    const timer = setTimeout(() => setWaiting(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isConnected]);
  if (error !== undefined) {
    return (
      <p className="note failed" role="alert">
        {error.message}
      </p>
    );
  }
  return (
    <div className="waiting-page">
      <h1>
        <Mark look="waiting" /> <span className="foreign">{taskId}</span>
      </h1>
      <p className="soft" role="status">
        {isWaiting ? 'No such task yet. It is shown here as soon as its first event comes.' : 'Connecting…'}
      </p>
      <div className="empty-staff" aria-hidden="true" />
    </div>
  );
}
