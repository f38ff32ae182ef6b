/** How the connection is, honestly: what is shown stays, and says since when it has had no news. */
import { useEffect, useState, type ReactElement } from 'react';
import type { ConnectionState } from '../../client/index.ts';
import { clock } from '../parts/time.ts';

export interface ConnectionPillProps {
  readonly state: ConnectionState;
  /** Nothing more can come. */
  readonly isOver?: boolean;
}

export function ConnectionPill({ state, isOver = false }: ConnectionPillProps): ReactElement {
  const isOnline = useIsOnline();
  const { kind, since } = useSteady(state, isOnline);
  const said = SAID[isOver ? 'over' : kind];
  return (
    <span className={`connection ${said.className}`} role="status" title={whyOf(state)}>
      <i aria-hidden="true" />
      {said.text}
      {!isOver && kind === 'lost' && ` since ${clock(since)}${isOnline ? '' : ' · this device is offline'}`}
    </span>
  );
}

type Kind = 'connecting' | 'connected' | 'lost';

const SAID: Readonly<Record<Kind | 'over', { readonly className: string; readonly text: string }>> = {
  over: { className: 'over', text: 'ended' },
  connected: { className: 'live', text: 'live' },
  connecting: { className: 'connecting', text: 'connecting' },
  lost: { className: 'lost', text: 'reconnecting' },
};

function whyOf(state: ConnectionState): string | undefined {
  if (state.kind === 'lost') return state.error.message;
  return state.kind === 'connected' ? `over ${state.transport}` : undefined;
}

/** A try between two failures is no news: what was lost is lost until it is back. */
function useSteady(state: ConnectionState, isOnline: boolean): { readonly kind: Kind; readonly since: number } {
  const [steady, setSteady] = useState<{ kind: Kind; since: number }>({ kind: 'connecting', since: Date.now() });
  let { kind } = steady;
  if (state.kind === 'connected') kind = 'connected';
  if (state.kind === 'lost' || (kind === 'connected' && (state.kind === 'connecting' || !isOnline))) kind = 'lost';
  if (kind === steady.kind) return steady;
  const next = { kind, since: Date.now() };
  setSteady(next);
  return next;
}

function useIsOnline(): boolean {
  const [isOnline, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine);
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return isOnline;
}
