/** Mercurius on Fastify as its documentation shows it, with its own pub/sub; `--jit` compiles what it has seen once. */
import { argv } from 'node:process';
import Fastify from 'fastify';
import mercurius, { type PubSub } from 'mercurius';
import { createResolvers, TYPE_DEFS } from './app.ts';

const app = Fastify({ bodyLimit: 4 * 1024 * 1024 });
await app.register(mercurius, {
  schema: TYPE_DEFS,
  resolvers: createResolvers<{ readonly pubsub: PubSub }>({
    publish: (topic, payload, { pubsub }) => pubsub.publish({ topic, payload }),
    subscribe: (topic, { pubsub }) => pubsub.subscribe(topic),
  }),
  // Mutations over WebSockets, too.
  subscription: { fullWsTransport: true },
  ...(argv.includes('--jit') ? { jit: 1 } : {}),
});

console.log(`listening on ${await app.listen({ port: 0, host: '127.0.0.1' })}`);
