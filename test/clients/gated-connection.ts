/** A connection of our client that comes back after a break when the story lets it. */
import type { Connection } from '../../src/client/index.ts';

export function gated(connection: Connection, mayReconnect: () => Promise<void>): Connection {
  const { transport } = connection;
  let isFirst = true;
  return {
    ...connection,
    transport: {
      get name() {
        return transport.name;
      },
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
      [Symbol.dispose]: () => transport[Symbol.dispose](),
    },
  };
}
