/** What an app hears of its subscriptions, from its own client, when a server breaks off, repeats itself or refuses. */
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { Client, CombinedError, fetchExchange } from '@urql/core';
import type { DocumentNode } from 'graphql';
import { describe, expect, test } from 'vitest';
import { onEnd, pipe, subscribe } from 'wonka';
import { DrumlineLink } from '../../src/apollo/index.ts';
import { drumlineExchange, type DrumlineExchangeOptions } from '../../src/urql/index.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openScriptedServer, type Asked } from './scripted-server.ts';

interface Heard {
  readonly results: unknown[];
  readonly errors: unknown[];
  readonly ended: Promise<void>;
  leave(): void;
}
type Listen = (options: DrumlineExchangeOptions & { readonly url: string }, query: DocumentNode) => Heard;

const listenWithApollo: Listen = (options, query) => {
  const link = ApolloLink.from([new DrumlineLink(options), new HttpLink({ uri: options.url })]);
  const client = new ApolloClient({ cache: new InMemoryCache(), link });
  const [results, errors, end] = [[] as unknown[], [] as unknown[], Promise.withResolvers<void>()];
  const subscription = client.subscribe({ query, fetchPolicy: 'no-cache' }).subscribe({
    next: ({ data, error }) => void (error === undefined ? results.push(data) : errors.push(error)),
    complete: end.resolve,
  });
  return { results, errors, ended: end.promise, leave: () => subscription.unsubscribe() };
};

const listenWithUrql: Listen = (options, query) => {
  const client = new Client({
    url: options.url,
    preferGetMethod: false,
    exchanges: [drumlineExchange(options), fetchExchange],
  });
  const [results, errors, end] = [[] as unknown[], [] as unknown[], Promise.withResolvers<void>()];
  const { unsubscribe } = pipe(
    client.subscription(query, {}),
    onEnd(end.resolve),
    subscribe(({ data, error, hasNext }) => {
      if (error !== undefined) errors.push(error);
      else if (hasNext) results.push(data);
    }),
  );
  return { results, errors, ended: end.promise, leave: unsubscribe };
};

const UPDATES = gql`
  subscription {
    it: taskUpdates(taskId: "t") {
      progress {
        sequence
      }
    }
  }
`;
const OBSERVATIONS = gql`
  subscription {
    observations {
      cursor
    }
  }
`;
const STATE = gql`
  subscription {
    task(id: "t") {
      id
    }
  }
`;

function update(sequence: number, type = 'TaskEventRecorded') {
  return { it: { progress: { sequence }, drumlineCursor: `c${sequence}`, drumlineType: type } };
}
const seen = (sequence: number) => ({ it: { progress: { sequence } } });

/** Each connection runs the next script. */
async function openServer(...scripts: readonly ((asked: Asked) => void)[]) {
  return openScriptedServer((asked) => scripts[asked.connection - 1]?.(asked));
}
const EAGER = { random: () => 0 } as const;

describe.each([
  ['Apollo', listenWithApollo, CombinedGraphQLErrors],
  ['urql', listenWithUrql, CombinedError],
] as const)('%s', (_, listen, GraphQLErrors) => {
  test('the end comes once, though the connection breaks before the server can say that it is complete', async () => {
    await using server = await openServer(
      (asked) => {
        asked.next(update(1));
        asked.cut();
      },
      (asked) => {
        asked.next(update(2));
        asked.next(update(2, 'TaskEnded'));
        asked.cut();
      },
    );
    const heard = listen({ url: server.url, ...EAGER }, UPDATES);
    await settlesWithin(heard.ended, { withinMs: 10_000, what: 'the end' });
    expect(heard).toMatchObject({ results: [seen(1), seen(2), seen(2)], errors: [] });
    expect(server.asked.map(({ variables }) => variables['drumlineAfter'])).toEqual([undefined, 'c1']);
  });

  test('a server that goes away politely before the end is asked again', async () => {
    await using server = await openServer(
      (asked) => {
        asked.next(update(1));
        asked.complete();
      },
      (asked) => asked.next(update(1, 'TaskEnded')),
    );
    const heard = listen({ url: server.url, ...EAGER }, UPDATES);
    await settlesWithin(heard.ended, { withinMs: 10_000, what: 'the end' });
    expect(heard).toMatchObject({ results: [seen(1), seen(1)], errors: [] });
  });

  test('the place where it stood is not told again after a break', async () => {
    const checkpoint = (cursor: string) => ({
      observations: { cursor, drumlineCursor: cursor, drumlineType: 'ObservationCheckpoint' },
    });
    await using server = await openServer(
      (asked) => {
        asked.next(checkpoint('c1'));
        asked.cut();
      },
      (asked) => {
        asked.next(checkpoint('c1'));
        asked.next(checkpoint('c2'));
      },
    );
    const heard = listen({ url: server.url, ...EAGER }, OBSERVATIONS);
    await waitFor(() => heard.results.length > 1, { withinMs: 10_000, what: 'two results' });
    expect(heard.results).toEqual([{ observations: { cursor: 'c1' } }, { observations: { cursor: 'c2' } }]);
    heard.leave();
    await waitFor(() => server.openConnections() === 0, { withinMs: 10_000, what: 'the connection to be closed' });
  });

  test('a state completes when the server says so, and an error that passes is not heard of', async () => {
    await using server = await openServer(
      (asked) => asked.error('STORE_UNAVAILABLE'),
      (asked) => {
        asked.next({ task: { id: 't' } });
        asked.complete();
      },
    );
    const heard = listen({ url: server.url, ...EAGER }, STATE);
    await settlesWithin(heard.ended, { withinMs: 10_000, what: 'the end' });
    expect(heard).toMatchObject({ results: [{ task: { id: 't' } }], errors: [] });
  });

  test("a final error is the client's own, with the server's code", async () => {
    await using server = await openServer((asked) => asked.error('TASK_NOT_FOUND'));
    const heard = listen({ url: server.url, ...EAGER }, UPDATES);
    // urql leaves such a stream open.
    await waitFor(() => heard.errors.length === 1, { withinMs: 10_000, what: 'the error' });
    const [error] = heard.errors;
    expect(error).toBeInstanceOf(GraphQLErrors);
    expect(error).toMatchObject(
      error instanceof CombinedError
        ? { graphQLErrors: [{ extensions: { code: 'TASK_NOT_FOUND' } }] }
        : { errors: [{ extensions: { code: 'TASK_NOT_FOUND' } }] },
    );
  });

  test('how it is with the connection is told', async () => {
    await using server = await openServer((asked) => asked.next(update(1, 'TaskEnded')));
    const kinds: string[] = [];
    const heard = listen({ url: server.url, onConnection: ({ kind }) => kinds.push(kind) }, UPDATES);
    await settlesWithin(heard.ended, { withinMs: 10_000, what: 'the end' });
    expect(kinds).toEqual(['connecting', 'connected']);
  });
});
