/**
 * Resume without missing an event, with any client that takes its subscriptions through graphql-ws: plain, Apollo's
 * GraphQLWsLink, urql's subscriptionExchange. graphql-ws sends the variables of the first time again after a
 * reconnect; this keeps `after` at the last cursor that came. The operation must declare `$after: String`, pass it
 * on, and select `cursor` directly on its one root field (`taskUpdates` or `observations`). `iterate` stays as it is.
 *
 * Create the client with `retryAttempts: Infinity` (the default is 5) and `shouldRetry: () => true`: Node's WebSocket
 * reports a cut connection as an error, which graphql-ws else takes for the end.
 */
import type { Client, FormattedExecutionResult, Sink } from 'graphql-ws';

export function keepCursor(client: Client): Client {
  return {
    ...client,
    subscribe<Data, Extensions>(
      payload: Parameters<Client['subscribe']>[0],
      sink: Sink<FormattedExecutionResult<Data, Extensions>>,
    ) {
      // graphql-ws reads this object anew for each connection.
      const variables = { ...payload.variables };
      return client.subscribe<Data, Extensions>(
        { ...payload, variables },
        {
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
          next(result) {
            const [update]: unknown[] = Object.values(result.data ?? {});
            const cursor = typeof update === 'object' && update !== null && 'cursor' in update ? update.cursor : null;
            if (typeof cursor === 'string') variables['after'] = cursor;
            sink.next(result);
          },
        },
      );
    },
  };
}
