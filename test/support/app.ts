/** The whole server in this process: a free port, a store of its own, and the questions that most tests ask. */
import { createApp, type App, type AppDeps } from '../../src/app.ts';
import { parseConfig, type SettingName } from '../../src/config.ts';
import { createSseClient, type SseClient, type SseOptions } from './sse-client.ts';
import { openWsClient, type WsClient, type WsOptions } from './ws-client.ts';

export interface TestApp extends AsyncDisposable {
  readonly app: App;
  readonly origin: string;
  readonly graphqlUrl: string;
  readonly metricsUrl: string | undefined;
  /** POST a document and read the answer. */
  post(query: string, variables?: Variables, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Record one event that nothing is wrong with, but for the patch. @returns its cursor. */
  emit(patch?: Variables): Promise<string>;
  /** How much the store holds: tasks, their events, and observations. */
  stored(): Promise<number>;
  /** Acknowledged and ready for `subscribe`. */
  ws(options?: WsOptions): Promise<WsClient>;
  sse(options: Omit<SseOptions, 'url'>): Promise<SseClient>;
}

export type Variables = Readonly<Record<string, unknown>>;

/** An answer of GraphQL, and how it came. */
export interface Answer {
  readonly status: number;
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly AnswerError[];
}

export interface AnswerError {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions?: {
    readonly code?: string;
    readonly issues?: readonly { readonly path: readonly (string | number)[]; readonly message: string }[];
  };
}

export interface AppOptions extends AppDeps {
  /** `memory:` unless told otherwise. */
  readonly store?: string;
  readonly settings?: Partial<Record<SettingName, string>>;
}

export const TASK = 'survey';

/** An event that nothing is wrong with, as GraphQL takes it. */
export const GOOD_EVENT = Object.freeze({
  taskId: TASK,
  eventType: 'PROGRESS_UPDATE',
  component: 'camina',
  stage: 'ANALYSIS',
  message: 'on it',
});

export const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { event { sequence cursor } } }';

export async function startApp({ store = 'memory:', settings = {}, ...deps }: AppOptions = {}): Promise<TestApp> {
  // A short drain, for it ends every test.
  const config = parseConfig({ flags: { port: '0', store, drainMs: '400', ...settings } });
  const app = await createApp(config, deps);
  const { url: origin, metricsUrl } = await app.listen();
  const graphqlUrl = `${origin}/graphql`;

  async function post(
    query: string,
    variables?: Variables,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json', ...headers },
      body: JSON.stringify({ query, variables }),
    });
    // What our server answers is asked for by the caller's own document.
    return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
  }

  return {
    app,
    origin,
    graphqlUrl,
    metricsUrl,
    post,
    async emit(patch = {}) {
      const answer = await post(EMIT, { input: { ...GOOD_EVENT, ...patch } });
      return dataOf<{ emitEvent: { event: { cursor: string } } }>(answer).emitEvent.event.cursor;
    },
    async stored() {
      const heads = await app.log.tasks({ limit: 10_000 });
      const events = heads.reduce((sum, { progress }) => sum + progress.seq, 0);
      return heads.length + events + ((await app.log.observationPlace())?.seq ?? 0);
    },
    async ws(options) {
      const client = await openWsClient(origin, options);
      await client.init();
      return client;
    },
    sse: (options) => createSseClient({ url: graphqlUrl, ...options }),
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

/** The data of an answer that must have no errors. */
export function dataOf<Data>({ data, errors }: Answer): Data {
  if (errors !== undefined) throw new AggregateError(errors, JSON.stringify(errors));
  // The test wrote the document whose answer this is.
  return data as Data;
}

/** The codes of an answer's errors. */
export function codesOf({ errors = [] }: { readonly errors?: readonly AnswerError[] }): readonly unknown[] {
  return errors.map(({ extensions }) => extensions?.code);
}

/** The paths of all `issues`, joined by dots. */
export function issuePathsOf({ errors = [] }: { readonly errors?: readonly AnswerError[] }): readonly string[] {
  return errors.flatMap(({ extensions }) => (extensions?.issues ?? []).map(({ path }) => path.join('.')));
}
