/**
 * One subscription's results: each item of its source is executed on its own, masked, and handed over together with
 * its cursor. This is the seam where the execution of one event comes to be shared by all its watchers.
 */
import {
  createSourceEventStream,
  executeSubscriptionEvent,
  validateSubscriptionArgs,
  type ExecutionArgs,
  type ExecutionResult,
  type FieldNode,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import type { StreamExtension } from '../schema/context.ts';
import type { Turns } from '../util/turns.ts';
import type { MaskError } from './errors.ts';

export interface StreamedResult {
  readonly result: ExecutionResult;
  /** What a client hands back to go on after this item, if its stream can be resumed. */
  readonly eventId: string | undefined;
}

export type ResultStream<Item> = AsyncIterableIterator<Item, void, void>;

export interface SubscribeDeps {
  readonly mask: MaskError;
  /** One for all streams of a server: together they leave the event loop to others. */
  readonly turns: Turns;
}

/**
 * @param deliver what a transport makes of one result.
 * @returns the stream, or a result without data when it could not begin. A stream that fails later throws the masked error.
 */
export async function subscribeOperation<Item>(
  args: ExecutionArgs,
  { mask, turns }: SubscribeDeps,
  deliver: (streamed: StreamedResult) => Item,
): Promise<ResultStream<Item> | ExecutionResult> {
  const validated = validateSubscriptionArgs(args);
  if (!('operation' in validated)) return { errors: validated.map(mask) };
  const source = await createSourceEventStream(validated);
  if (!isAsyncIterable(source)) return { ...source, errors: (source.errors ?? []).map(mask) };
  const eventIdOf = findEventIdOf(validated);
  return mapStream(source, mask, async (item) => {
    const pause = turns.share();
    if (pause !== undefined) await pause;
    const result = await executeSubscriptionEvent({ ...validated, rootValue: item });
    return deliver({ result: maskResult(result, mask), eventId: eventIdOf?.(item) });
  });
}

export function maskResult(result: ExecutionResult, mask: MaskError): ExecutionResult {
  return result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
}

/** Written by hand: re-wrapped in a generator, `return()` would wait for the pending `next()`. */
function mapStream<Source, Item>(
  source: AsyncIterable<Source>,
  mask: MaskError,
  map: (item: Source) => Promise<Item>,
): ResultStream<Item> {
  const iterator = source[Symbol.asyncIterator]();
  return {
    async next() {
      try {
        const { done, value } = await iterator.next();
        return done === true ? { done, value: undefined } : { done: false, value: await map(value) };
      } catch (error) {
        // Whoever reads does not leave a stream that failed; its source may have more to release.
        await iterator.return?.();
        throw mask(error);
      }
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function findEventIdOf(args: ValidatedSubscriptionArgs): StreamExtension['eventIdOf'] | undefined {
  const name = rootField(args, args.operation.selectionSet.selections)?.name.value;
  const field = name === undefined ? undefined : args.schema.getSubscriptionType()?.getFields()[name];
  const stream: unknown = field?.extensions['stream'];
  return isStreamExtension(stream) ? stream.eventIdOf : undefined;
}

type Selections = ValidatedSubscriptionArgs['operation']['selectionSet']['selections'];

/** Validation saw to it that there is one. It may stand in a fragment. */
function rootField(args: ValidatedSubscriptionArgs, selections: Selections): FieldNode | undefined {
  for (const selection of selections) {
    if (selection.kind === 'Field') return selection;
    const inner =
      selection.kind === 'InlineFragment'
        ? selection.selectionSet
        : args.fragments[selection.name.value]?.definition.selectionSet;
    const field = inner === undefined ? undefined : rootField(args, inner.selections);
    if (field !== undefined) return field;
  }
  return undefined;
}

function isStreamExtension(value: unknown): value is StreamExtension {
  return typeof value === 'object' && value !== null && 'eventIdOf' in value && typeof value.eventIdOf === 'function';
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}
