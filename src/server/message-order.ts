/**
 * A client that completed an operation may use its id again at once. graphql-ws would take the end of the first for
 * the end of the second, so what concerns an id waits here until the operation that is being left is over.
 */
type Handle = (text: string) => Promise<void>;

export class MessageOrder {
  readonly #handle: Handle;
  /** What is under way, by its id. */
  readonly #running = new Map<string, Promise<void>>();
  /** What is being left and not over yet; seldom anything. */
  #leaving: Map<string, Promise<void>> | undefined;

  constructor(handle: Handle) {
    this.#handle = handle;
  }

  handle(text: string): Promise<void> {
    const message = peek(text);
    if (message === undefined) return this.#handle(text);
    const { type, id } = message;
    const before = this.#leaving?.get(id);
    const handled = before === undefined ? this.#handle(text) : before.then(() => this.#handle(text));
    if (type === 'complete') this.#leave(id);
    // A second one of a live id closes the socket, so that what is kept of the first does not matter any more.
    else this.#keep(id, handled);
    return handled;
  }

  /** Settles when all that is under way now is over. */
  async over(): Promise<void> {
    await Promise.allSettled([...this.#running.values(), ...(this.#leaving?.values() ?? [])]);
  }

  #keep(id: string, handled: Promise<void>): void {
    this.#running.set(id, handled);
    const drop = (): void => {
      if (this.#running.get(id) === handled) this.#running.delete(id);
    };
    handled.then(drop, drop);
  }

  #leave(id: string): void {
    const over = this.#running.get(id);
    this.#running.delete(id);
    if (over === undefined) return;
    const leaving = (this.#leaving ??= new Map<string, Promise<void>>());
    // How it ends is told to whoever handles the message; here only that it ended.
    const settled: Promise<void> = over
      .catch(() => undefined)
      .then(() => {
        if (leaving.get(id) === settled) leaving.delete(id);
      });
    leaving.set(id, settled);
  }
}

/** The two messages that concern an id; whatever else it is, the protocol judges it. */
function peek(text: string): { readonly type: 'subscribe' | 'complete'; readonly id: string } | undefined {
  // As graphql-ws clients write it: the rest, which may be large, need not be parsed twice.
  const [, knownId, knownType] = USUAL.exec(text) ?? [];
  if (knownId !== undefined) return { type: knownType === 'subscribe' ? 'subscribe' : 'complete', id: knownId };
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('type' in message) || !('id' in message)) return undefined;
    const { type, id } = message;
    return (type === 'subscribe' || type === 'complete') && typeof id === 'string' ? { type, id } : undefined;
  } catch {
    return undefined;
  }
}

const USUAL = /^\{"id":"([\w-]{1,128})","type":"(subscribe|complete)"[,}]/;
