/**
 * One client comes back ten times a second over both transports, for minutes, and forgets some of what it opened. It is
 * refused by its own limits, leaves nothing behind, and nobody else notices.
 */
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { signToken } from '../../src/auth/tokens.ts';
import { flap } from '../support/flapper.ts';
import { startMachineProbe } from '../support/machine-probe.ts';
import { percentile } from '../support/percentile.ts';
import { progressEvent } from '../support/producers.ts';
import { startServer, type ServerProcess } from '../support/server-process.ts';
import { sized } from '../support/sizes.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import { openWsClient } from '../support/ws-client.ts';

const SECONDS = sized({ usual: 8, full: 300 });
const PER_SECOND = 10;
/** Fewer event streams a second than it asks for, and fewer sockets than it forgets. */
const MAX_REQUESTS = 8;
const MAX_SOCKETS = 5;
const WATCHERS = 10;
const EMITS_PER_SECOND = 5;
const TASK = 't';
const SECRET = 'a secret that is long enough to sign with';
const ARGS = ['--max-requests-per-second', MAX_REQUESTS, '--max-sockets-per-viewer', MAX_SOCKETS].map(String);
const SETTINGS = ['--keep-alive-ms', '5000', '--stall-ms', '2000', '--metrics', '127.0.0.1:0', ...ARGS];
const WATCH = `subscription { taskUpdates(taskId: "${TASK}") { progress { sequence } } }`;
const EMIT = 'mutation ($input: EmitEventInput!) { emitEvent(input: $input) { event { sequence } } }';

test(
  `a client that comes back ${PER_SECOND} times a second for ${SECONDS} s is limited, leaves nothing, hurts nobody`,
  {
    timeout: SECONDS * 1_000 + 60_000,
  },
  async () => {
    await using directory = await openTempDir();
    await using server = await startServer({
      store: directory.sqliteStore,
      args: SETTINGS,
      env: { DRUMLINE_AUTH_SECRET: SECRET },
    });
    await using crowd = await openCrowd(server);
    using machine = startMachineProbe([server.origin]);
    const alone = await crowd.deliveries(5 * EMITS_PER_SECOND);
    // What is made once, for the first of all, is no leak.
    const brief = new AbortController();
    const first = flap({ ...(await flapper(server)), signal: brief.signal });
    await crowd.deliveries(EMITS_PER_SECOND);
    brief.abort();
    await first;
    const before = await atRest(server);

    const stopping = new AbortController();
    const flapping = flap({ ...(await flapper(server)), signal: stopping.signal });
    const beside = await crowd.deliveries(SECONDS * EMITS_PER_SECOND);
    stopping.abort();
    const flaps = await settlesWithin(flapping, { withinMs: 20_000, what: 'the flapping client' });

    const after = await atRest(server, before.descriptors);
    const figures = [percentile(alone, 0.99), percentile(beside, 0.99)].map(Math.round);
    const refusals = [...flaps.refusals].map(([code, count]) => `${count} × ${code}`).join(', ');
    console.info(
      `flapping: ${flaps.begun} times, ${flaps.frames} frames, refused ${refusals}; p99 of the others ${figures[0]} ms ` +
        `alone, ${figures[1]} ms beside it; resident ${before.residentMb} MB, then ${after.residentMb} MB`,
    );
    // It was let in as often as it may, and no more; nothing else became of it than these two refusals.
    expect(flaps.begun).toBeGreaterThan(SECONDS * PER_SECOND * 0.5);
    expect(flaps.frames).toBeGreaterThan(SECONDS);
    expect([...flaps.refusals.keys()].toSorted((one, other) => one - other)).toEqual([429, 1013]);
    expect(await refusalsOf(server, 'requestsPerSecond')).toBeGreaterThan(0);
    expect(await refusalsOf(server, 'socketsPerViewer')).toBeGreaterThan(0);
    expect(crowd.troubles()).toEqual([]);
    expect(percentile(beside, 0.99)).toBeLessThan(2 * percentile(alone, 0.99) + 20 + machine.allowanceMs);
    expect(after.residentMb - before.residentMb).toBeLessThan(64);
  },
);

interface Crowd extends AsyncDisposable {
  /** Emits so many events at a steady rate. @returns how long each took until every watcher had it, milliseconds. */
  deliveries(count: number): Promise<readonly number[]>;
  /** What no watcher should see: an end, or another event than the next. */
  troubles(): readonly string[];
}

async function openCrowd({ origin }: ServerProcess): Promise<Crowd> {
  await using owned = new AsyncDisposableStack();
  const troubles: string[] = [];
  const producer = owned.use(await openWsClient(origin, { params: await paramsOf('emit:*') }));
  await producer.init();
  let emitted = 0;
  const emit = async (): Promise<void> => {
    emitted += 1;
    producer.subscribe(`${emitted}`, EMIT, { input: progressEvent(TASK, emitted) });
    await producer.nextOf(`${emitted}`);
  };
  await emit();
  const places: number[] = [];
  for (let index = 0; index < WATCHERS; index += 1) {
    const watcher = owned.use(await openWsClient(origin, { params: await paramsOf('read:*') }));
    watcher.socket.on('message', (data) => {
      // `ws` hands over one Buffer unless told otherwise.
      const sequence = Number(/"sequence":(\d+)/.exec((data as Buffer).toString())?.[1] ?? 0);
      const at = places[index] ?? 0;
      if (sequence > 0 && at > 0 && sequence !== at + 1) troubles.push(`watcher ${index}: ${sequence} after ${at}`);
      if (sequence > 0) places[index] = sequence;
    });
    watcher.socket.on('close', (code) => troubles.push(`watcher ${index} was closed with ${code}`));
    await watcher.init();
    watcher.subscribe('1', WATCH);
    await watcher.nextOf('1');
  }
  const resources = owned.move();
  return {
    async deliveries(count) {
      const start = performance.now();
      const tookMs: number[] = [];
      for (let number = 0; number < count; number += 1) {
        const dueAt = start + (number * 1_000) / EMITS_PER_SECOND;
        await waitFor(() => performance.now() >= dueAt, { withinMs: 10_000, what: 'the next emit to be due' });
        const since = performance.now();
        await emit();
        const what = (): string => `everybody to have ${emitted}, not ${places.join()}; ${troubles.join()}`;
        await waitFor(() => places.every((at) => at >= emitted), { withinMs: 10_000, what, pollMs: 1 });
        tookMs.push(performance.now() - since);
      }
      return tookMs;
    },
    troubles: () => [...troubles],
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

async function paramsOf(grant: string): Promise<{ readonly authorization: string }> {
  const order = { grants: [grant], expiresInSeconds: 3_600, givenBy: [] };
  const { token } = await signToken({ secret: SECRET, audience: 'drumline' }, order, Date.now());
  return { authorization: `Bearer ${token}` };
}

async function flapper({ origin }: ServerProcess): Promise<Omit<Parameters<typeof flap>[0], 'signal'>> {
  return { origin, taskId: TASK, perSecond: PER_SECOND, ...(await paramsOf('read:*')) };
}

interface Rest {
  readonly descriptors: number;
  readonly residentMb: number;
}

/** Connections of the machine's probe come and go. */
const SPARE_DESCRIPTORS = 4;

/** Once nobody is there but the crowd. @param descriptors that it had before */
async function atRest(server: ServerProcess, descriptors = Number.POSITIVE_INFINITY): Promise<Rest> {
  let text = '';
  const figure = (name: string): number => Number(new RegExp(`^drumline_${name} (\\S+)$`, 'm').exec(text)?.[1] ?? -1);
  const open = (): number => readdirSync(`/proc/${server.pid}/fd`).length;
  const isAtRest = async (): Promise<boolean> => {
    text = await (await fetch(metricsUrl(server))).text();
    const isLeft = figure('watchers') === WATCHERS && figure('connections\\{kind="websocket"\\}') === WATCHERS + 1;
    return isLeft && figure('connections\\{kind="event_stream"\\}') === 0 && open() <= descriptors + SPARE_DESCRIPTORS;
  };
  const what = (): string => `the crowd to be alone; ${open()} descriptors, before ${descriptors};\n${text}`;
  await waitFor(isAtRest, { withinMs: 30_000, what, pollMs: 100 });
  return { descriptors: open(), residentMb: Math.round(figure('resident_memory_bytes') / 1_048_576) };
}

async function refusalsOf(server: ServerProcess, limit: string): Promise<number> {
  const text = await (await fetch(metricsUrl(server))).text();
  return Number(new RegExp(`^drumline_refusals_total\\{limit="${limit}"\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
}

function metricsUrl({ stderr }: ServerProcess): string {
  const url = stderr.map((line) => /"metricsUrl":"([^"]+)"/.exec(line)?.[1]).find((found) => found !== undefined);
  if (url === undefined) throw new Error('the server does not say where its figures are');
  return url;
}
