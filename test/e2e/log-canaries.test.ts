/**
 * What a server says to its operator, and to strangers, when it is driven with good and bad input over every transport
 * at the most talkative level: each line of the log is one JSON object, and neither a log nor an answer holds a token, a
 * key, the signing secret or the password of the database. What tasks say is in no log either.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cli } from '../cli/host.ts';
import { startPostgres } from '../support/postgres.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { createSseClient } from '../support/sse-client.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { openWsClient } from '../support/ws-client.ts';

const DATABASE_PASSWORD = 'canary-database-password';
const SIGNING_SECRET = 'canary-signing-secret-of-32-bytes-or-more';
const WRONG_TOKEN = 'canary-wrong-token';
const FORGED = '\n{"level":60,"msg":"canary-forged"}\n\u001b[31mcanary-ansi\u009b2J\u2028';
const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { event { sequence } } }';
const WATCH = 'subscription ($id: ID!) { taskUpdates(taskId: $id) { cursor } }';

type Headers = Readonly<Record<string, string>>;

/** @returns all that came back. */
async function ask(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) });
  return `${[...response.headers].join('\n')}\n${await response.text()}`;
}

function post(server: ServerProcess, headers: Headers, body: string): Promise<string> {
  return ask(server.graphqlUrl, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });
}

/** Bytes as they are, to a server that need not like them. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.on('error', () => undefined);
  socket.end(text);
  await once(socket, 'close');
  return answer;
}

function input(patch: object = {}): object {
  return {
    taskId: 'canary-task',
    eventId: 'canary-event',
    eventType: 'PROGRESS_UPDATE',
    component: 'canary',
    stage: 'ANALYSIS',
    message: `canary-message ${FORGED}`,
    details: { text: `canary-details ${FORGED}` },
    ...patch,
  };
}

async function overHttp(server: ServerProcess, credentials: Headers): Promise<readonly string[]> {
  const wrong = { authorization: `Bearer ${WRONG_TOKEN}` };
  const emit = (patch: object): string => JSON.stringify({ query: EMIT, variables: { input: input(patch) } });
  return Promise.all([
    post(server, credentials, emit({})),
    post(server, credentials, emit({ message: 'canary-other' })),
    post(server, credentials, emit({ eventId: `canary${FORGED}`, progress: 7 })),
    post(server, credentials, emit({ taskId: FORGED, [`canary${FORGED}`]: 1 })),
    post(server, credentials, `{"query": "{ ${FORGED} }`),
    post(server, credentials, JSON.stringify({ query: `{ canary(id: "${WRONG_TOKEN.slice(7)}") } ` })),
    post(server, credentials, 'x'.repeat(5_000_000)),
    post(server, wrong, emit({})),
    post(server, { authorization: `Basic ${WRONG_TOKEN}` }, emit({})),
    post(server, { ...credentials, origin: 'https://canary.example', cookie: `session=${WRONG_TOKEN}` }, emit({})),
    ask(`${server.graphqlUrl}?token=${WRONG_TOKEN}`, { headers: { accept: 'text/event-stream' } }),
    ask(`${server.origin}/${WRONG_TOKEN}%0a%1b[31m`, {}),
    ask(server.graphqlUrl, { method: 'DELETE', headers: wrong }),
    raw(
      server.port,
      `GET /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${WRONG_TOKEN}\r\nbad\u0000: ${FORGED}\r\n\r\n`,
    ),
    raw(server.port, `\u0016\u0003${WRONG_TOKEN}${FORGED}`),
  ]);
}

async function overWebSocket(server: ServerProcess, credentials: Headers): Promise<readonly string[]> {
  const heard: string[] = [];
  const open = async (params: object, send: readonly (object | string | Uint8Array)[]): Promise<void> => {
    await using client = await openWsClient(server.origin, { params });
    client.socket.on('close', (code, reason) => heard.push(`${code} ${String(reason)}`));
    // What comes before the acknowledgement is refused unread.
    if (send.length > 0) await client.init();
    else client.send({ type: 'connection_init', payload: params });
    for (const message of send) client.send(message);
    await client.closed().catch(() => undefined);
    heard.push(JSON.stringify(client.unread));
  };
  const subscribe = { type: 'subscribe', id: `canary${FORGED}`, payload: { query: WATCH, variables: { id: FORGED } } };
  await Promise.all([
    open({ authorization: `Bearer ${WRONG_TOKEN}` }, []),
    open({ authorization: [WRONG_TOKEN] }, []),
    open(credentials, [subscribe, `{"type": ${FORGED}`]),
    open(credentials, [subscribe, { type: `canary${FORGED}` }]),
    open(credentials, [subscribe, Buffer.from([0xff, 0xfe])]),
  ]);
  expect(heard.filter((text) => /^4(400|401) /.test(text)).toSorted()).toEqual([
    expect.stringMatching(/^4400 /),
    expect.stringMatching(/^4400 /),
    expect.stringMatching(/^4400 /),
    '4401 Unauthorized',
    '4401 Unauthorized',
  ]);
  return heard;
}

async function overSse(server: ServerProcess, credentials: Headers): Promise<string> {
  const options = { url: server.graphqlUrl, query: WATCH, variables: { id: 'canary-task' } };
  await using good = await createSseClient({ ...options, headers: credentials });
  await good.next();
  await using bad = await createSseClient({ ...options, headers: credentials, lastEventId: WRONG_TOKEN });
  await using stranger = await createSseClient({ ...options, headers: { authorization: `Bearer ${WRONG_TOKEN}` } });
  await Promise.all([bad.ended().catch(() => undefined), stranger.ended().catch(() => undefined)]);
  return bad.text + stranger.text;
}

test('no secret is in a log or an answer, no text of a task is in a log, and each line is one JSON object', async () => {
  await using dir = await openTempDir();
  await using postgres = await startPostgres();
  const keyFile = join(dir.path, 'keys.json');
  const made = await cli(['key', 'add', 'agents', '--grant', 'admin:*', '--file', keyFile]);
  const key = made.stdout.trim();
  await using server = await startServer({
    store: postgres.url.replace('postgres@', `postgres:${DATABASE_PASSWORD}@`),
    args: ['--log-level', 'trace', '--auth-keys', keyFile, '--token-in-url', 'true'],
    env: { DRUMLINE_AUTH_SECRET: SIGNING_SECRET },
  });
  const credentials = { authorization: `Bearer ${key}` };
  const answers = [
    ...(await overHttp(server, credentials)),
    ...(await overWebSocket(server, credentials)),
    await overSse(server, credentials),
  ];

  await postgres.stop('SIGQUIT');
  answers.push(
    await post(
      server,
      credentials,
      JSON.stringify({ query: EMIT, variables: { input: input({ eventId: 'canary-2' }) } }),
    ),
  );
  answers.push(await ask(`${server.origin}/readyz`, {}));
  await postgres.start();
  const isBack = async (): Promise<boolean> => (await fetch(`${server.origin}/readyz`)).ok;
  await waitFor(isBack, { withinMs: 20_000, what: 'the store to be back' });
  await server.sigterm();

  const logged = [...server.stdout, ...server.stderr].join('\n');
  for (const secret of [key, DATABASE_PASSWORD, SIGNING_SECRET, WRONG_TOKEN]) {
    expect(logged).not.toContain(secret);
    for (const answer of answers) expect(answer).not.toContain(secret);
  }
  expect(logged).not.toContain('canary');
  expect(server.stdout).toEqual([expect.stringMatching(/^drumline listening on \S+$/)]);
  expect(server.stderr.length).toBeGreaterThan(3);
  for (const line of server.stderr) {
    expect(line).toMatch(/^\{[^\p{Cc}\p{Zl}\p{Zp}]*\}$/u);
    expect(line).toMatch(/^\{"level":\d+,"time":"[^"]+",/);
    expect(JSON.parse(line)).toHaveProperty('msg');
  }
});
