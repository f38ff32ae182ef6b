/**
 * A stream that is asked, not awaited. Reading an async iterator costs several promises for each item, which is most of
 * what it costs to hand a ready event to a watcher; here an item that is ready is had by a plain call, and only a reader
 * that has to wait is called back. It is an async iterator as well, for whoever prefers that.
 *
 * Nothing begins before the first read, so a stream that nobody reads is held by nobody; `return` lets go of everything
 * at once, whatever is being waited for.
 */
export abstract class PullStream<Item extends object> implements AsyncIterableIterator<Item, void, void> {
  #onReady: (() => void) | undefined;
  /** Calls of `next` that wait, in their order. */
  #waiting: (() => void)[] = [];
  #isOver = false;

  /**
   * The next item, if one is ready. Undefined: there is none now, or none ever when `isOver`.
   * @throws what the stream failed with; it is over then.
   */
  pull(): Item | undefined {
    if (this.#isOver) return undefined;
    try {
      return this.take();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** True when nothing comes any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whom to call when `pull`, after it gave nothing, may give something, or the stream is over. One at a time. */
  set onReady(callback: (() => void) | undefined) {
    this.#onReady = callback;
  }

  async next(): Promise<IteratorResult<Item, void>> {
    for (;;) {
      const item = this.pull();
      if (item !== undefined) return { done: false, value: item };
      if (this.#isOver) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async return(): Promise<IteratorResult<Item, void>> {
    this.end();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** As `pull`, of a stream that is not over. It begins what the stream needs when it is first called. */
  protected abstract take(): Item | undefined;

  /** Let go of whatever the stream holds; called once. */
  protected abstract release(): void;

  /** There may be an item where there was none. */
  protected ready(): void {
    this.#onReady?.();
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Nothing comes any more. */
  protected end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.release();
    this.ready();
  }
}
