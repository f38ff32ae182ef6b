/**
 * A client that completed an operation may use its id again at once. graphql-ws would take the end of the first for
 * the end of the second, so what concerns an id waits here until the operation that is being left is over.
 */
type Handle = (text: string) => Promise<void>;

export function keepOrderById(handle: Handle): Handle {
  const running = new Map<string, Promise<void>>();
  const leaving = new Map<string, Promise<void>>();

  return (text) => {
    const message = peek(text);
    if (message === undefined) return handle(text);
    const { id } = message;
    const before = leaving.get(id);
    const handled = before === undefined ? handle(text) : before.then(() => handle(text));
    if (message.type === 'subscribe') {
      // A second one of a live id closes the socket, so that what is kept of the first does not matter any more.
      running.set(id, handled);
      forget(running, id, handled);
    } else {
      const over = running.get(id);
      running.delete(id);
      if (over !== undefined) forget(leaving, id, keep(leaving, id, over));
    }
    return handled;
  };
}

/** How it ends is told to whoever handles the message; here only that it ended. */
function keep(by: Map<string, Promise<void>>, id: string, over: Promise<void>): Promise<void> {
  const settled = over.catch(() => undefined);
  by.set(id, settled);
  return settled;
}

function forget(by: Map<string, Promise<void>>, id: string, promise: Promise<void>): void {
  const drop = (): void => {
    if (by.get(id) === promise) by.delete(id);
  };
  promise.then(drop, drop);
}

/** The two messages that concern an id; whatever else it is, the protocol judges it. */
function peek(text: string): { readonly type: 'subscribe' | 'complete'; readonly id: string } | undefined {
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message) || !('id' in message)) return undefined;
    const { type, id } = message;
    return (type === 'subscribe' || type === 'complete') && typeof id === 'string' ? { type, id } : undefined;
  } catch {
    return undefined;
  }
}
