/** Two buses of one installation behind a proxy, which is what comes between them. */
import type { EventBus } from '../../src/bus/event-bus.ts';
import type { SuiteTopics, TwoBuses } from '../../src/conformance/event-bus-suite.ts';
import { openTcpProxy, type ProxyConnection } from './tcp-proxy.ts';

type CutHow = Parameters<TwoBuses['cut']>[0];

export async function openTwoBehindProxy(
  port: number,
  open: (proxiedPort: number) => Promise<EventBus<SuiteTopics>>,
): Promise<TwoBuses> {
  const stack = new AsyncDisposableStack();
  const proxy = stack.use(await openTcpProxy({ target: { port } }));
  let cutHow: CutHow | undefined;
  proxy.onConnection((connection) => {
    if (cutHow !== undefined) cutOff(connection, cutHow);
  });
  const one = stack.use(await open(proxy.port));
  const other = stack.use(await open(proxy.port));
  return {
    buses: [one, other],
    async cut(how) {
      cutHow = how;
      for (const connection of proxy.connections()) cutOff(connection, how);
    },
    async mend() {
      cutHow = undefined;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function cutOff(connection: ProxyConnection, how: CutHow): void {
  if (how === 'reset') connection.reset();
  else connection.halfOpen();
}
