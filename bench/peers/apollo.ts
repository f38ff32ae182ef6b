/** Apollo Server as its documentation on subscriptions shows it: Express, graphql-ws, and its in-memory pub/sub. */
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import { makeExecutableSchema } from '@graphql-tools/schema';
import express from 'express';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { createResolvers, TYPE_DEFS, type Payload } from './app.ts';
import { listen } from './listen.ts';

const pubsub = new PubSub<Record<string, Payload>>();
const schema = makeExecutableSchema({
  typeDefs: TYPE_DEFS,
  resolvers: createResolvers({
    publish: (taskId, payload) => pubsub.publish(taskId, payload),
    subscribe: (taskId) => pubsub.asyncIterableIterator([taskId]),
  }),
});

const app = express();
const httpServer = createServer(app);
const wsServer = new WebSocketServer({ server: httpServer, path: '/graphql' });
const serverCleanup = useServer({ schema }, wsServer);

const server = new ApolloServer({
  schema,
  plugins: [
    ApolloServerPluginDrainHttpServer({ httpServer }),
    { serverWillStart: async () => ({ drainServer: async () => serverCleanup.dispose() }) },
  ],
});
await server.start();
app.use('/graphql', express.json({ limit: '4mb' }), expressMiddleware(server));

listen(httpServer);
