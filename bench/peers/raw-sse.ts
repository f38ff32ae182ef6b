/** The yardstick of fan-out over event streams: bare `node:http`, and the same ready bytes written to every watcher. */
import type { ServerResponse } from 'node:http';
import { listen } from './listen.ts';
import { createRawServer, toResult } from './raw-http.ts';

interface Watchers {
  readonly responses: Set<ServerResponse>;
  readonly isFull: boolean;
}

const tasks = new Map<string, Watchers>();

listen(
  createRawServer({
    publish(update) {
      const watchers = tasks.get(update.event.taskId);
      if (watchers === undefined) return;
      const text = JSON.stringify(toResult(update, watchers.isFull));
      const bytes = Buffer.from(`id: ${update.cursor}\nevent: next\ndata: ${text}\n\n`);
      for (const response of watchers.responses) response.write(bytes);
    },
    stream({ query, variables: { taskId = '' } }, response) {
      const isFull = query?.startsWith('subscription Full') ?? false;
      const watchers = tasks.get(taskId) ?? { responses: new Set(), isFull };
      tasks.set(taskId, watchers);
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
      response.write(':\n\n');
      watchers.responses.add(response);
      response.once('close', () => watchers.responses.delete(response));
    },
  }),
);
