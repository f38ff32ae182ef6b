/** graphql-sse in its distinct connections mode: queries, mutations and the stream as event streams. */
import { createClient } from 'graphql-sse';
import { test } from 'vitest';
import { EMIT, expectExactlyOnce, expectFreshSnapshots, playStory, TASK, WATCH } from './story.ts';
import type { ClientOptions, EmitAnswer, OfficialClient, TaskAnswer, WatchAnswer } from './story.ts';

test('graphql-sse sees every event once, in order, when its variables are kept at the last cursor', async () => {
  expectExactlyOnce(await playStory((options) => open(options, 'resuming')));
});

test('graphql-sse unmodified begins with a snapshot after each break, and ends with the right state', async () => {
  expectFreshSnapshots(await playStory((options) => open(options, 'unmodified')));
});

function open({ origin, mayReconnect }: ClientOptions, mode: 'resuming' | 'unmodified'): OfficialClient {
  const client = createClient({
    url: `${origin}/graphql`,
    retryAttempts: Number.POSITIVE_INFINITY,
    retry: mayReconnect,
  });
  const once = async <Data>(query: string, variables: Record<string, unknown>): Promise<Data> => {
    for await (const { data, errors } of client.iterate<Data>({ query, variables })) {
      if (data == null) throw new Error(JSON.stringify(errors));
      return data;
    }
    throw new Error('no answer');
  };
  return {
    ask: async (id) => (await once<TaskAnswer>(TASK, { id })).task?.progress.sequence,
    emit: async (input) => (await once<EmitAnswer>(EMIT, { input })).emitEvent.event.sequence,
    async watch(taskId, onUpdate) {
      const ended = Promise.withResolvers<void>();
      // This object is sent again after each break.
      const variables: { taskId: string; after?: string } = { taskId };
      client.subscribe<WatchAnswer>(
        { query: WATCH, variables },
        {
          next({ data, errors }) {
            if (data == null) return ended.reject(new Error(errors?.[0]?.message));
            if (mode === 'resuming') variables.after = data.taskUpdates.cursor;
            onUpdate(data.taskUpdates);
          },
          error: ended.reject,
          complete: ended.resolve,
        },
      );
      return ended.promise;
    },
    [Symbol.asyncDispose]: async () => client.dispose(),
  };
}
