/**
 * The floor of what a watcher costs once graphql-ws keeps the protocol: no document is parsed and none is executed.
 * Each operation is the smallest iterator that can wait and be ended.
 */
import { buildSchema, parse, type ExecutionResult } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { TYPE_DEFS } from './app.ts';
import { listen } from './listen.ts';
import { createRawServer, toResult } from './raw-http.ts';

type Take = (result: IteratorResult<ExecutionResult, undefined>) => void;

const schema = buildSchema(TYPE_DEFS);
const document = parse('subscription { __typename }');
const tasks = new Map<string, Set<Watcher>>();

/** Knows only the next event: the bench publishes one and waits until all have it. */
class Watcher implements AsyncIterableIterator<ExecutionResult, undefined> {
  readonly taskId: string;
  readonly isFull: boolean;
  take: Take | undefined;

  constructor(taskId: string, isFull: boolean) {
    this.taskId = taskId;
    this.isFull = isFull;
    const watchers = tasks.get(taskId) ?? new Set();
    tasks.set(taskId, watchers.add(this));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    return new Promise((resolve) => {
      this.take = resolve;
    });
  }

  return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    const end = { done: true, value: undefined } as const;
    tasks.get(this.taskId)?.delete(this);
    this.take?.(end);
    return Promise.resolve(end);
  }
}

const server = createRawServer({
  publish(update) {
    for (const watcher of tasks.get(update.event.taskId) ?? []) {
      // One of the two shapes that the raw servers send too.
      watcher.take?.({ done: false, value: toResult(update, watcher.isFull) as ExecutionResult });
    }
  },
});

useServer(
  {
    onSubscribe: (_context, _id, { query, variables }) => ({
      schema,
      document,
      variableValues: { query, ...variables },
    }),
    subscribe({ variableValues }) {
      const { taskId, query } = variableValues as { readonly taskId: string; readonly query: string };
      return new Watcher(taskId, query.startsWith('subscription Full'));
    },
  },
  new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false }),
);

listen(server);
