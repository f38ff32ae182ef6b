/**
 * A stream that is asked, not awaited. Reading an async iterator costs several promises for each item, which is most of
 * what it costs to hand a ready event to a watcher; here an item that is ready is had by a plain call, and only a reader
 * that has to wait is called back. It is an async iterator as well, for whoever prefers that.
 *
 * Nothing begins before the first read, so a stream that nobody reads is held by nobody; `return` lets go of everything
 * at once, whatever is being waited for.
 */
export interface Reader {
  /** `pull`, after it gave nothing, may give something; or the stream is over. */
  ready(): void;
}

export abstract class PullStream<Item extends object> implements AsyncIterableIterator<Item, void, void> {
  #reader: Reader | undefined;
  /** Whom to resume of those who called `next`: they are answered one after the other. */
  #waiting: (() => void) | undefined;
  /** Settles, never rejects, when the latest call of `next` is answered. */
  #latestNext: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #givenBack: Item | undefined;
  #isBusy = false;
  #isPulled = false;
  #isOver = false;

  /**
   * The next item, if one is ready. Undefined: there is none now, or none ever when `isOver`.
   * @throws what the stream failed with; it is over then.
   */
  pull(): Item | undefined {
    if (this.#isOver || this.#isBusy) return undefined;
    this.#isPulled = true;
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      this.requireValid();
      const again = this.#givenBack;
      if (again === undefined) return this.take();
      this.#givenBack = undefined;
      return again;
    } catch (error) {
      this.end();
      throw this.toFailure(error);
    } finally {
      this.#isPulled = false;
    }
  }

  /** What was pulled and cannot be handed on yet comes next, unless the stream is over before. */
  giveBack(item: Item): void {
    this.#givenBack = item;
  }

  /** True when nothing comes any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whom to tell when there may be something to pull. One at a time; an object, for there is one for each watcher. */
  set reader(reader: Reader) {
    this.#reader = reader;
  }

  /** Calls are answered in their order, as those of an async generator are: who calls later gets what comes later. */
  async next(): Promise<IteratorResult<Item, void>> {
    const before = this.#latestNext;
    const answer = before === undefined ? this.#nextItem() : before.then(() => this.#nextItem());
    const answered = answer.then(
      () => undefined,
      () => undefined,
    );
    this.#latestNext = answered;
    try {
      return await answer;
    } finally {
      if (this.#latestNext === answered) this.#latestNext = undefined;
    }
  }

  async #nextItem(): Promise<IteratorResult<Item, void>> {
    for (;;) {
      const item = this.pull();
      if (item !== undefined) return { done: false, value: item };
      if (this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }

  async return(): Promise<IteratorResult<Item, void>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** As `pull`, of a stream that waits for nothing. It begins what the stream needs when it is first called. */
  protected abstract take(): Item | undefined;

  /** Asked before each item, also before one that was given back. @throws why the stream may give nothing more. */
  protected requireValid(): void {
    // Most may give whatever they have.
  }

  /** What readers are to be told of a failure. */
  protected toFailure(error: unknown): unknown {
    return error;
  }

  /** Let go of whatever the stream holds; called once. */
  protected abstract release(): void;

  /** There may be an item where there was none. */
  ready(): void {
    if (this.#isBusy) return;
    // Whoever is pulling sees for itself.
    if (!this.#isPulled) this.#reader?.ready();
    this.#waiting?.();
    this.#waiting = undefined;
  }

  /** When the stream goes on although something that it waited for failed; must not reject. Undefined: it fails. */
  protected recover(_error: unknown): Promise<void> | undefined {
    return undefined;
  }

  /** Nothing is taken until this has settled; the stream fails if it does, unless it recovers. */
  protected waitFor(work: Promise<unknown>): void {
    this.#isBusy = true;
    const settle = (failure?: { readonly error: unknown }): void => {
      this.#failure = failure;
      this.#isBusy = false;
      this.ready();
    };
    work.then(
      () => settle(),
      (error: unknown) => {
        const recovered = this.recover(error);
        if (recovered === undefined) settle({ error });
        else void recovered.then(() => settle());
      },
    );
  }

  /** Nothing comes any more. */
  protected end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isBusy = false;
    this.#givenBack = undefined;
    this.release();
    this.ready();
  }
}

/** Any other async iterable as a stream to pull from. */
export function toPullStream<Item extends object>(source: AsyncIterable<Item>): PullStream<Item> {
  return isPullStream(source) ? source : new IteratorStream(source);
}

function isPullStream<Item extends object>(source: AsyncIterable<Item>): source is PullStream<Item> {
  return source instanceof PullStream;
}

class IteratorStream<Item extends object> extends PullStream<Item> {
  readonly #iterator: AsyncIterator<Item, unknown>;
  #result: IteratorResult<Item, unknown> | undefined;

  constructor(source: AsyncIterable<Item>) {
    super();
    this.#iterator = source[Symbol.asyncIterator]();
  }

  protected take(): Item | undefined {
    const result = this.#result;
    this.#result = undefined;
    if (result === undefined) {
      this.waitFor(this.#advance());
      return undefined;
    }
    if (result.done !== true) return result.value;
    this.end();
    return undefined;
  }

  async #advance(): Promise<void> {
    this.#result = await this.#iterator.next();
  }

  protected release(): void {
    Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }
}
