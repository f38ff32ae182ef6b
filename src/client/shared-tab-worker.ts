/** `drumline/client/shared-tab-worker`: the file of the SharedWorker that holds the connection of all tabs. */
import { createConnection } from './connection.ts';
import { createHub } from './shared-tab/hub.ts';
import type { Begun, Port } from './shared-tab/protocol.ts';

// No `crypto.randomUUID`: plain HTTP has none. Two lives of one worker are to differ, no more.
const worker = `${performance.timeOrigin} ${Math.random()}`;
// Workers of this file by this name: the browser keeps one of them at a time.
const channel = `drumline shared-tab ${String(Reflect.get(globalThis, 'name'))} ${String(Reflect.get(globalThis, 'location'))}`;
const hub = createHub({
  worker,
  channel,
  openTransport: (target) => createConnection(target).transport,
});

// Each tab that makes a SharedWorker of this file.
Reflect.set(globalThis, 'onconnect', ({ ports: [port] }: { readonly ports: readonly Port[] }) => {
  if (port !== undefined) hub.accept(port);
});

const begun: Begun = { worker };
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- That is for windows.
new BroadcastChannel(channel).postMessage(begun);
