/**
 * The schema over a real manager and the log in memory, asked through graphql-js alone: what is wrong here is wrong in
 * the schema, not in a transport.
 */
import {
  execute,
  parse,
  subscribe,
  validate,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import type { DrumlineTopics, EventBus } from '../../src/bus/event-bus.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createEventManager, type EventManager } from '../../src/manager/event-manager.ts';
import { createSchema } from '../../src/schema/index.ts';
import { settlesWithin } from '../support/wait-for.ts';
import { createLocalBus } from './local-bus.ts';

export interface Harness extends AsyncDisposable {
  readonly schema: GraphQLSchema;
  readonly log: EventLog;
  readonly manager: EventManager;
  /** The data of an operation that must succeed. */
  ask<Data>(document: string, variables?: Variables): Promise<Data>;
  /** The errors of an operation that must fail. */
  fail(document: string, variables?: Variables): Promise<readonly Failure[]>;
  /** Begin a stream that must begin. */
  watch<Data>(document: string, variables?: Variables, lastEventId?: string): Promise<Watch<Data>>;
  /** The errors of a stream that must not begin. */
  failToWatch(document: string, variables?: Variables, lastEventId?: string): Promise<readonly Failure[]>;
  /** How much the log holds: tasks, their events, and observations. */
  stored(): Promise<number>;
}

export interface Failure {
  /** `extensions.code`; undefined when graphql itself refused a value, which the server turns into BAD_USER_INPUT. */
  readonly code: unknown;
  /** The paths of `extensions.issues`. */
  readonly paths: readonly string[];
}

/** Items of one stream, each as its root field gave it. Fails when one is not there soon. */
export interface Watch<Item> extends AsyncDisposable {
  next(): Promise<Item>;
  /** The items up to the stream's own end. */
  rest(): Promise<readonly Item[]>;
}

export type Variables = Readonly<Record<string, unknown>>;

export function createHarness(): Harness {
  const schema = createSchema();
  const log = openMemoryLog();
  const bus: EventBus<DrumlineTopics> = createLocalBus();
  const manager = createEventManager({ log, bus, catchUpMs: 60_000 });

  async function run(document: string, variables: Variables = {}): Promise<ExecutionResult> {
    const node = parse(document);
    const errors = validate(schema, node);
    if (errors.length > 0) return { errors };
    return execute({ schema, document: node, variableValues: variables, contextValue: { manager } });
  }

  async function open(document: DocumentNode, variables: Variables, lastEventId: string | undefined) {
    const contextValue = { manager, lastEventId };
    return subscribe({ schema, document, variableValues: variables, contextValue });
  }

  return {
    schema,
    log,
    manager,
    async ask<Data>(document: string, variables?: Variables) {
      const { data, errors } = await run(document, variables);
      if (errors !== undefined) throw new AggregateError(errors, errors.join('\n'));
      // The document says what its data is; the caller wrote both.
      return data as Data;
    },
    async fail(document, variables) {
      const { errors } = await run(document, variables);
      return (errors ?? []).map(toFailure);
    },
    async watch<Data>(document: string, variables: Variables = {}, lastEventId?: string) {
      const stream = await open(parse(document), variables, lastEventId);
      if (!(Symbol.asyncIterator in stream)) throw new AggregateError(stream.errors ?? [], 'the stream did not begin');
      return toWatch<Data>(stream);
    },
    async failToWatch(document, variables = {}, lastEventId) {
      const stream = await open(parse(document), variables, lastEventId);
      if (!(Symbol.asyncIterator in stream)) return (stream.errors ?? []).map(toFailure);
      await stream.return?.();
      return [];
    },
    async stored() {
      const heads = await log.tasks({ limit: 10_000 });
      const events = heads.reduce((sum, { progress }) => sum + progress.seq, 0);
      return heads.length + events + ((await log.observationPlace())?.seq ?? 0);
    },
    async [Symbol.asyncDispose]() {
      await manager[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await log[Symbol.asyncDispose]();
    },
  };
}

function toFailure({ extensions }: GraphQLError): Failure {
  const issues = (extensions['issues'] ?? []) as readonly { readonly path: readonly (string | number)[] }[];
  return { code: extensions['code'], paths: issues.map(({ path }) => path.join('.')) };
}

function toWatch<Item>(stream: AsyncGenerator<ExecutionResult, void, void>): Watch<Item> {
  async function step(): Promise<{ readonly item: Item } | undefined> {
    const { done, value } = await settlesWithin(stream.next(), { withinMs: 5_000, what: 'the next item' });
    if (done === true) return undefined;
    if (value.errors !== undefined) throw new AggregateError(value.errors, value.errors.join('\n'));
    const [item] = Object.values(value.data ?? {});
    return { item: item as Item };
  }
  return {
    async next() {
      const result = await step();
      if (result === undefined) throw new Error('the stream ended');
      return result.item;
    },
    async rest() {
      const items: Item[] = [];
      for (let result = await step(); result !== undefined; result = await step()) items.push(result.item);
      return items;
    },
    async [Symbol.asyncDispose]() {
      await settlesWithin(stream.return(), { withinMs: 5_000, what: 'the stream to be left' });
    },
  };
}

/** An event that nothing is wrong with. */
export const GOOD_EVENT = Object.freeze({
  taskId: 'survey',
  eventType: 'TASK_STARTED',
  component: 'camina',
  stage: 'PLANNING',
  message: 'planning the survey',
});

export const EMIT =
  'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { duplicate event { sequence cursor } } }';

/** Emit events that differ from the good one, one after the other, and give their cursors. */
export async function emitAll(harness: Harness, patches: readonly Variables[]): Promise<readonly string[]> {
  const cursors: string[] = [];
  for (const patch of patches) {
    const variables = { input: { ...GOOD_EVENT, ...patch } };
    const { emitEvent } = await harness.ask<{ emitEvent: { event: { cursor: string } } }>(EMIT, variables);
    cursors.push(emitEvent.event.cursor);
  }
  return cursors;
}
