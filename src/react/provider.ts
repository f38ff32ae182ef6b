/**
 * One connection for all components below. It is opened by the first that shows something and closed after the last,
 * so there is nothing to open or close by hand, and nothing happens on a server.
 */
import {
  createContext,
  createElement,
  useContext,
  useInsertionEffect,
  useMemo,
  useRef,
  type ReactElement,
  type ReactNode,
} from 'react';
import { createConnection, type Connection, type ConnectionOptions } from '../client/index.ts';
import { createShared, type Shared } from './shared.ts';

export type DrumlineProviderProps = (ConnectionOptions | { readonly connection: Connection }) & {
  readonly children?: ReactNode;
};

const SharedContext = createContext<Shared | undefined>(undefined);

/** Other `headers` are another connection; of functions always the latest is asked, before each connection. */
export function DrumlineProvider(props: DrumlineProviderProps): ReactElement {
  const given = 'connection' in props ? props.connection : undefined;
  const {
    url = '',
    headers,
    transport,
    connectTimeoutMs,
  }: Partial<ConnectionOptions> = 'connection' in props ? {} : props;
  const latest = useRef(headers);
  useInsertionEffect(() => {
    latest.current = headers;
  });
  const asks = typeof headers === 'function';
  const key = JSON.stringify([url, transport, connectTimeoutMs, asks, headers]);
  const shared = useMemo(() => {
    if (given !== undefined) return createShared(given);
    const current = async () => (typeof latest.current === 'function' ? latest.current() : (latest.current ?? {}));
    return createShared(createConnection({ url, transport, connectTimeoutMs, headers: asks ? current : headers }));
  }, [given, key]);
  return createElement(SharedContext, { value: shared }, props.children);
}

export function useShared(): Shared {
  const shared = useContext(SharedContext);
  if (shared === undefined) throw new Error('Hooks of drumline/react need a DrumlineProvider above them.');
  return shared;
}
