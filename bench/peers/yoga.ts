/** GraphQL Yoga as its documentation shows it: its own pub/sub, its event streams, and graphql-ws on `ws`. */
import { createServer } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { createResolvers, TYPE_DEFS, type Payload } from './app.ts';
import { listen } from './listen.ts';

const pubSub = createPubSub<{ taskUpdates: [taskId: string, payload: Payload] }>();
const yoga = createYoga({
  schema: createSchema({
    typeDefs: TYPE_DEFS,
    resolvers: createResolvers({
      publish: (taskId, payload) => pubSub.publish('taskUpdates', taskId, payload),
      subscribe: (taskId) => pubSub.subscribe('taskUpdates', taskId),
    }),
  }),
});

// A handler that answers for itself; Node's types want it to return nothing.
const server = createServer((request, response) => void yoga(request, response));

type Enveloped = ReturnType<typeof yoga.getEnveloped>;
interface YogaArgs extends ExecutionArgs {
  readonly rootValue: Pick<Enveloped, 'execute' | 'subscribe'>;
}

useServer(
  {
    execute: (args) => (args as YogaArgs).rootValue.execute(args),
    subscribe: (args) => (args as YogaArgs).rootValue.subscribe(args),
    async onSubscribe(context, _id, params) {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      });
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : args;
    },
  },
  new WebSocketServer({ server, path: yoga.graphqlEndpoint }),
);

listen(server);
