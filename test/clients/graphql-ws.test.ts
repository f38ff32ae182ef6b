/** graphql-ws alone: queries, mutations and the stream over one WebSocket. */
import type { Client } from 'graphql-ws';
import { test } from 'vitest';
import { EMIT, expectExactlyOnce, expectFreshSnapshots, playStory, TASK, WATCH } from './story.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer, WatchAnswer } from './story.ts';
import { openWsClient } from './ws-client.ts';
import type { Mode } from './ws-client.ts';

test('graphql-ws with keepCursor sees every event once, in order, across cuts and a restart', async () => {
  expectExactlyOnce(await playStory((options) => open(options, 'resuming')));
});

test('graphql-ws unmodified begins with a snapshot after each break, and ends with the right state', async () => {
  expectFreshSnapshots(await playStory((options) => open(options, 'unmodified')));
});

function open(options: ClientOptions, mode: Mode): OfficialClient {
  const client = openWsClient(options, mode);
  return {
    async ask(id) {
      const { task } = await once<TaskAnswer>(client, TASK, { id });
      return task?.progress.sequence;
    },
    async emit(input) {
      const { emitEvent } = await once<EmitAnswer>(client, EMIT, { input });
      return emitEvent.event.sequence;
    },
    async watch(taskId, onUpdate) {
      const ended = Promise.withResolvers<void>();
      client.subscribe<WatchAnswer>(
        { query: WATCH, variables: { taskId } },
        {
          next: ({ data, errors }) =>
            data == null ? ended.reject(new Error(errors?.[0]?.message)) : onUpdate(data.taskUpdates),
          error: ended.reject,
          complete: ended.resolve,
        },
      );
      return ended.promise;
    },
    [Symbol.asyncDispose]: async () => client.dispose(),
  };
}

async function once<Data>(client: Client, query: string, variables: Record<string, unknown>): Promise<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
    if (data == null) throw new Error(JSON.stringify(errors));
    return data;
  }
  throw new Error('no answer');
}
