/** How the connection is, honestly: what is shown stays, and says since when it has had no news. */
import { useEffect, useState, type ReactElement } from 'react';
import type { ConnectionState } from '../../client/index.ts';
import { clock } from '../parts/time.ts';

export interface ConnectionPillProps {
  readonly state: ConnectionState;
  /** The stream came to its end. */
  readonly isOver?: boolean;
  /** Why the stream ended for good. */
  readonly error: Error | undefined;
  /** Another object with each thing that comes. */
  readonly news: unknown;
}

export function ConnectionPill({ state, isOver = false, error, news }: ConnectionPillProps): ReactElement {
  const isCutOff = useIsCutOff(news);
  const { kind, since } = useSteady(state, isCutOff);
  const said = SAID[isOver ? 'over' : error === undefined ? kind : 'stopped'];
  return (
    <span className={`connection ${said.className}`} role="status" title={error?.message ?? whyOf(state)}>
      <i aria-hidden="true" />
      {said.text}
      {said === SAID.lost && ` since ${clock(since)}${isCutOff ? ' · this device is offline' : ''}`}
    </span>
  );
}

type Kind = 'connecting' | 'connected' | 'lost';

const SAID: Readonly<Record<Kind | 'over' | 'stopped', { readonly className: string; readonly text: string }>> = {
  over: { className: 'over', text: 'ended' },
  stopped: { className: 'lost', text: 'stopped' },
  connected: { className: 'live', text: 'live' },
  connecting: { className: 'connecting', text: 'connecting' },
  lost: { className: 'lost', text: 'reconnecting' },
};

function whyOf(state: ConnectionState): string | undefined {
  if (state.kind === 'lost') return state.error.message;
  return state.kind === 'connected' ? `over ${state.transport}` : undefined;
}

/** A try between two failures is no news: what was lost is lost until it is back. */
function useSteady(state: ConnectionState, isCutOff: boolean): { readonly kind: Kind; readonly since: number } {
  const [steady, setSteady] = useState<{ kind: Kind; since: number }>({ kind: 'connecting', since: Date.now() });
  let { kind } = steady;
  if (state.kind === 'connected') kind = 'connected';
  if (state.kind === 'lost' || (kind === 'connected' && (state.kind === 'connecting' || isCutOff))) kind = 'lost';
  if (kind === steady.kind) return steady;
  const next = { kind, since: Date.now() };
  setSteady(next);
  return next;
}

/** What was on its way when the network went may still come. */
const ON_ITS_WAY_MS = 1_000;

/** The device says that it has no network, and nothing has come since: a server on this machine is still there. */
function useIsCutOff(news: unknown): boolean {
  const offlineAtMs = useOfflineAtMs();
  const [heard, setHeard] = useState({ news, atMs: Date.now() });
  if (heard.news !== news) setHeard({ news, atMs: Date.now() });
  return offlineAtMs !== undefined && heard.atMs < offlineAtMs + ON_ITS_WAY_MS;
}

/** Since when this device is offline, by its own word. */
function useOfflineAtMs(): number | undefined {
  const [offlineAtMs, setOfflineAtMs] = useState(() => (navigator.onLine ? undefined : Date.now()));
  useEffect(() => {
    const update = (): void => setOfflineAtMs(navigator.onLine ? undefined : Date.now());
    addEventListener('online', update);
    addEventListener('offline', update);
    return () => {
      removeEventListener('online', update);
      removeEventListener('offline', update);
    };
  }, []);
  return offlineAtMs;
}
