/**
 * One execution for all watchers: what an operation makes of an item of its source is worked out, masked and written as
 * JSON when the first watcher reaches it, and remembered for the others. That is right only where the outcome depends
 * on the item and the selection alone. So a selection is shared when it compiles (`compiled-selection.ts`), which a
 * field that reads "now" does not; anything else is executed for each watcher.
 *
 * Two watchers share when they sent the same document and operation name, and agree in every variable that is used
 * anywhere but in an argument of the root field. Those arguments, the cursor among them, say where a source begins and
 * what it leaves out; they say nothing of what is made of an item. Nor does who watches: that is asked of the source.
 */
import { executeSubscriptionEvent, type ExecutionResult, type ValidatedSubscriptionArgs } from 'graphql';
import type { StreamExtension } from '../schema/context.ts';
import { createQueue } from '../util/queue.ts';
import type { MaybePromise } from '../util/maybe-promise.ts';
import type { WriteJson } from './compiled-selection.ts';
import { compileSubscription } from './compiled-subscription.ts';
import { maskResult, type MaskError } from './errors.ts';
import { Frame, resultFrame } from './frame.ts';
import { sharingKey } from './sharing-key.ts';

export interface SharedExecution {
  open(args: ValidatedSubscriptionArgs): OpenOperation;
  /** What is remembered at this moment. */
  readonly stats: { readonly operations: number; readonly frames: number; readonly bytes: number };
}

/** An operation, as its watchers know it. Each disposes it once, when it leaves. */
export interface OpenOperation extends Disposable {
  /** @throws what cannot be written as JSON, unmasked. */
  frameOf(item: object): MaybePromise<Frame>;
}

export interface SharedExecutionOptions {
  readonly mask: MaskError;
  /** What is remembered of all operations together, roughly. */
  readonly maxBytes?: number;
  /** An item was made ready, once for all who watch the same. */
  readonly onReady?: ((item: object, stream: StreamExtension) => void) | undefined;
}

interface Operation {
  /** Undefined for one that nobody shares. */
  readonly key: string | undefined;
  readonly args: ValidatedSubscriptionArgs;
  readonly write: WriteJson | undefined;
  readonly stream: StreamExtension;
  readonly itemBytes: (item: object) => number;
  /** Undefined where it is not shared. */
  readonly frames: Map<object, Remembered> | undefined;
  users: number;
  /** One for all its watchers. */
  readonly open: OpenOperation;
  latest: Remembered | undefined;
}

interface Remembered {
  readonly frames: Map<object, Remembered>;
  readonly item: object;
  readonly frame: Frame;
  /** Of the frame, and of what the item keeps in memory. */
  readonly bytes: number;
}

/** A burst of a busy task, or the stretch in which a crowd that catches up is spread. */
const MAX_BYTES = 32 * 1024 * 1024;

export function createSharedExecution({
  mask,
  maxBytes = MAX_BYTES,
  onReady,
}: SharedExecutionOptions): SharedExecution {
  const operations = new Map<string, Operation>();
  /** With those of operations that nobody has any more, until they weigh as much as the others may. */
  const remembered = createQueue<Remembered>();
  let frames = 0;
  let bytes = 0;
  let deadBytes = 0;

  function begin(args: ValidatedSubscriptionArgs, key: string | undefined): Operation {
    const { write, stream } = compileSubscription(args);
    const { itemBytes = noBytes } = stream;
    const isShared = key !== undefined && write !== undefined && stream.sharesItems === true;
    const operation: Operation = {
      key: isShared ? key : undefined,
      args,
      write,
      stream,
      itemBytes,
      frames: isShared ? new Map() : undefined,
      users: 0,
      latest: undefined,
      open: { frameOf: (item) => frameOf(operation, item), [Symbol.dispose]: () => close(operation) },
    };
    if (isShared) operations.set(key, operation);
    return operation;
  }

  function remember(ofOperation: Map<object, Remembered>, one: Remembered): void {
    ofOperation.set(one.item, one);
    remembered.push(one);
    frames += 1;
    bytes += one.bytes;
    while (bytes > maxBytes) {
      const oldest = remembered.shift();
      if (oldest === undefined) return;
      if (oldest.frames.delete(oldest.item)) forget(oldest);
      else deadBytes -= oldest.bytes;
    }
  }

  function forget(one: Remembered): void {
    frames -= 1;
    bytes -= one.bytes;
  }

  function close(operation: Operation): void {
    operation.users -= 1;
    if (operation.users > 0 || operation.key === undefined) return;
    operations.delete(operation.key);
    for (const one of operation.frames?.values() ?? []) {
      forget(one);
      deadBytes += one.bytes;
    }
    operation.frames?.clear();
    // Seldom enough to cost little, soon enough to keep little.
    if (deadBytes <= Math.max(bytes, maxBytes / 8)) return;
    remembered.keep((one) => one.frames.has(one.item));
    deadBytes = 0;
  }

  function execute({ args, write, stream }: Operation, item: object): MaybePromise<Frame> {
    onReady?.(item, stream);
    const eventId = stream.eventIdOf?.(item);
    try {
      if (write !== undefined) return new Frame(write(item), eventId);
    } catch {
      // Not plain, or a value that does not fit its field: graphql-js says what becomes of it, with its place.
    }
    const result = executeSubscriptionEvent({ ...args, rootValue: item });
    const toFrame = (outcome: ExecutionResult): Frame => resultFrame(maskResult(outcome, mask), eventId);
    return result instanceof Promise ? result.then(toFrame) : toFrame(result);
  }

  function frameOf(operation: Operation, item: object): MaybePromise<Frame> {
    // Watchers that are up to date all ask for the same.
    if (operation.latest?.item === item) return operation.latest.frame;
    const { frames } = operation;
    const known = frames?.get(item);
    if (known !== undefined) {
      operation.latest = known;
      return known.frame;
    }
    const frame = execute(operation, item);
    if (frames === undefined || !(frame instanceof Frame)) return frame;
    remember(frames, { frames, item, frame, bytes: frame.bytes + operation.itemBytes(item) });
    return frame;
  }

  return {
    open(args) {
      const key = sharingKey(args);
      const operation = (key === undefined ? undefined : operations.get(key)) ?? begin(args, key);
      operation.users += 1;
      return operation.open;
    },
    get stats() {
      return { operations: operations.size, frames, bytes };
    },
  };
}

function noBytes(): number {
  return 0;
}
