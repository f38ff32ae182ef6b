/** A connection of our client that comes back after a break when the story lets it. */
import type { Connection } from '../../src/client/index.ts';
import type { Transport } from '../../src/client/transport.ts';

export function gated(connection: Connection, mayReconnect: () => Promise<void>): Connection {
  let isFirst = true;
  function gate(transport: Transport): Transport {
    return {
      ...transport,
      subscribe(request, sink) {
        if (isFirst) {
          isFirst = false;
          return transport.subscribe(request, sink);
        }
        let hasLeft = false;
        let leave = (): void => void (hasLeft = true);
        void mayReconnect().then(() => {
          if (!hasLeft) leave = transport.subscribe(request, sink);
        });
        return () => leave();
      },
    };
  }
  const [first, ...rest] = connection.transports;
  return { ...connection, transports: [gate(first), ...rest.map(gate)] };
}
