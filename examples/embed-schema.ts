/**
 * Drumline's fields in your own schema, served by your own Yoga. Streams are then as fast and as careful as that
 * server is: to keep ours, see embed.ts.
 *
 *   node examples/embed-schema.ts 4001
 */
import { createServer } from 'node:http';
import { mergeSchemas } from '@graphql-tools/schema';
import { createSchema, createYoga } from 'graphql-yoga';
import {
  createEventManager,
  createMemoryBus,
  createSchema as createDrumlineSchema,
  openMemoryLog,
} from '../src/index.ts'; // for you: 'drumline'

await using log = openMemoryLog();
await using bus = createMemoryBus();
await using manager = createEventManager({ log, bus });

const yours = createSchema({
  typeDefs: 'type Query { hello: String! }',
  resolvers: { Query: { hello: () => 'your own API' } },
});
const yoga = createYoga({
  schema: mergeSchemas({ schemas: [yours, createDrumlineSchema()] }),
  // What our resolvers need. Who may do what is for you to decide: this manager refuses nobody.
  context: () => ({ manager }),
});

const server = createServer((request, response) => void yoga(request, response));
server.listen(Number(process.argv[2] ?? 4001), '127.0.0.1', () => console.log('listening'));
await new Promise((resolve) => process.once('SIGTERM', resolve));
server.close();
