/**
 * Drumline beside your own Yoga, in one HTTP server: all of it below /drumline, at full speed.
 *
 *   node examples/embed.ts 4001
 */
import { createServer } from 'node:http';
import { createSchema, createYoga } from 'graphql-yoga';
import { createApp, parseConfig } from '../src/index.ts'; // for you: 'drumline'

await using app = await createApp(parseConfig({ flags: { store: 'memory:' } }));
const drumline = app.mount('/drumline');
const yoga = createYoga({
  schema: createSchema({
    typeDefs: 'type Query { hello: String! }',
    resolvers: { Query: { hello: () => 'your own API' } },
  }),
});

const server = createServer((request, response) => {
  if (!drumline.request(request, response)) void yoga(request, response);
});
server.on('upgrade', (request, socket, head) => {
  if (!drumline.upgrade(request, socket, head)) socket.destroy();
});
server.listen(Number(process.argv[2] ?? 4001), '127.0.0.1', () => console.log('listening'));

// Whatever your code does, it can tell: the manager is at hand.
await app.manager.emit({
  taskId: 'embedded',
  eventType: 'task_started',
  component: 'camina',
  stage: 'planning',
  message: 'From the inside',
});

await new Promise((resolve) => process.once('SIGTERM', resolve));
await app.drain();
server.close();
