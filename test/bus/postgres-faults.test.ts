/** What becomes of watchers when Postgres ends the sessions of the bus, restarts, or everything between is swallowed. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BusUnusableError, type DrumlineTopics, type EventBus } from '../../src/bus/event-bus.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { DRUMLINE_FORMATS } from '../../src/bus/notice-format.ts';
import { openPostgresBus } from '../../src/bus/postgres-bus.ts';
import { startApp } from '../support/app.ts';
import { openInstallation } from '../support/installation.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let postgres: PostgresServer;
let channels = 0;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres[Symbol.asyncDispose]());

/** Opens any number of buses of one installation of its own. */
function installation(url = postgres.url, troubles: Error[] = []): () => Promise<EventBus<DrumlineTopics>> {
  channels += 1;
  const channel = `faults-${channels}`;
  return () =>
    openPostgresBus({
      url,
      channel,
      local: createMemoryBus(),
      formats: DRUMLINE_FORMATS,
      onHealed: (bus) => bus.publish('lookAgain', {}),
      onTrouble: (error) => troubles.push(error),
    });
}

function isUp(bus: EventBus<DrumlineTopics>): boolean {
  return bus.status?.().isConnected === true;
}

describe('two servers and one Postgres', () => {
  test('an event reaches the watchers of the other server at once', async () => {
    // So rare a catch-up that none helps.
    await using both = await openInstallation({ openBus: installation(), catchUpMs: 3_600_000 });
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) delays.push(await both.delayMs());
    expect(Math.min(...delays)).toBeLessThan(100);
  });

  test('a thousand of the longest task ids at once all arrive, in payloads that Postgres takes', async () => {
    const openBus = installation();
    await using one = await openBus();
    await using other = await openBus();
    const taskIds = Array.from({ length: 1_000 }, (_, n) => String(n).padStart(128, 'x'));
    const heard = new Set<string>();
    await other.subscribe('tasksChanged', (notice) => notice.taskIds.forEach((taskId) => heard.add(taskId)));
    await one.publish('tasksChanged', { taskIds });
    await waitFor(() => heard.size === 1_000, { withinMs: 10_000, what: 'all ids' });
    expect(heard).toEqual(new Set(taskIds));
    expect(one.status?.()).toMatchObject({ isConnected: true, failed: 0 });
  });

  test('the sessions of the bus are ended again and again: no loss, no repeat', async () => {
    await using both = await openInstallation({ openBus: installation() });
    const [{ bus }] = both.members;
    await both.staysExactDuring(() =>
      waitFor(
        async () => {
          await postgres.killBackends('drumline bus');
          return (bus.status?.().breaks ?? 0) >= 3;
        },
        { withinMs: 30_000, what: 'three breaks', pollMs: 50 },
      ),
    );
  });

  test('Postgres is restarted: found again, and what was missed is found at once', async () => {
    await using both = await openInstallation({ openBus: installation(), catchUpMs: 3_600_000 });
    await both.staysExactDuring(async () => {
      await postgres.stop();
      await waitFor(() => both.members.every(({ bus }) => !isUp(bus)), { withinMs: 5_000, what: 'both to notice' });
      await postgres.start();
      await waitFor(() => both.members.every(({ bus }) => isUp(bus)), { withinMs: 15_000, what: 'both to come back' });
    });
  });

  test('all traffic of the bus is swallowed: an event is late by a catch-up at most, and the break shows', async () => {
    await using proxy = await openTcpProxy({ target: { port: postgres.port } });
    const url = `postgres://postgres@127.0.0.1:${proxy.port}/postgres`;
    await using both = await openInstallation({ openBus: installation(url) });
    proxy.onConnection((connection) => connection.halfOpen());
    for (const connection of proxy.connections()) connection.halfOpen();
    for (let n = 0; n < 3; n += 1) expect(await both.delayMs()).toBeLessThan(5_000);
    await waitFor(() => both.members.every(({ bus }) => !isUp(bus)), { withinMs: 10_000, what: 'both to notice' });
    const [, { manager }] = both.members;
    await waitFor(() => manager.missedNoticeCount > 0, { withinMs: 10_000, what: 'missed notices to be counted' });
  });

  test('what somebody else says on the channel is dropped and counted', async () => {
    const openBus = installation();
    await using bus = await openBus();
    await postgres.query('SELECT pg_notify($1, $2)', [`faults-${channels}`, '{"from":"x","notices":"all"}']);
    await waitFor(() => bus.status?.().malformed === 1, { withinMs: 5_000, what: 'it to be counted' });
    expect(isUp(bus)).toBe(true);
  });

  test('--bus postgres://… is a setting, and /readyz says when it is down', async () => {
    await using proxy = await openTcpProxy({ target: { port: postgres.port } });
    const bus = `postgres://postgres:hunter2@127.0.0.1:${proxy.port}/postgres`;
    await using server = await startApp({ settings: { bus } });
    const readyz = async (): Promise<string> => (await fetch(`${server.origin}/readyz`)).text();
    expect(await readyz()).toBe('{"ready":true,"reasons":[],"degraded":[]}');
    for (const connection of proxy.connections()) connection.halfOpen();
    await waitFor(async () => (await readyz()).includes('"degraded":["bus"]'), { withinMs: 15_000, what: 'the break' });
  });
});

describe('a Postgres that cannot be used', () => {
  test('a database that is not there', async () => {
    const url = postgres.url.replace('postgres@', 'postgres:hunter2@').replace(/postgres$/, 'no-such');
    const refusal: unknown = await installation(url)().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(BusUnusableError);
    expect(String(refusal)).not.toContain('hunter2');
  });

  test.each([
    ['one that is not there', 'postgres://a:hunter2@127.0.0.1:1/x'],
    // As of a service of Docker or Kubernetes that is stopped.
    ['a host that nobody knows', 'postgres://a:hunter2@no-such-host.invalid/x'],
  ])('%s is no reason not to start', async (_, url) => {
    const troubles: Error[] = [];
    await using bus = await installation(url, troubles)();
    expect(isUp(bus)).toBe(false);
    expect(troubles.map(({ name }) => name)).toContain('BusLinkError');
    expect(troubles.join()).not.toContain('hunter2');
  });
});
