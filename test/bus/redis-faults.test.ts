/** What becomes of watchers when Redis is restarted, frozen, or keeps cutting the connections that listen. */
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { BusUnusableError, type DrumlineTopics, type EventBus } from '../../src/bus/event-bus.ts';
import { createMemoryBus } from '../../src/bus/memory-bus.ts';
import { DRUMLINE_FORMATS } from '../../src/bus/notice-format.ts';
import { openRedisBus } from '../../src/bus/redis-bus.ts';
import { startApp } from '../support/app.ts';
import { freePort } from '../support/free-port.ts';
import { openInstallation } from '../support/installation.ts';
import { redisServer, startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';

const CHANNEL = 'faults';

function openBus(url: string, troubles: Error[] = []): Promise<EventBus<DrumlineTopics>> {
  return openRedisBus({
    url,
    channel: CHANNEL,
    local: createMemoryBus(),
    formats: DRUMLINE_FORMATS,
    onHealed: (bus) => bus.publish('lookAgain', {}),
    onTrouble: (error) => troubles.push(error),
  });
}

function isUp(bus: EventBus<DrumlineTopics>): boolean {
  return bus.status?.().isConnected === true;
}

async function refusalOf(url: string): Promise<string> {
  const bus = await openBus(url).catch((error: unknown) => error);
  if (bus instanceof BusUnusableError) return bus.message;
  throw new Error('was not refused');
}

describe.skipIf(!redisServer.present)('two servers and one Redis', () => {
  test('an event reaches the watchers of the other server at once', async () => {
    await using redis = await startRedis();
    // So rare a catch-up that none helps.
    await using both = await openInstallation({ openBus: () => openBus(redis.url), catchUpMs: 3_600_000 });
    const delays: number[] = [];
    for (let n = 0; n < 20; n += 1) delays.push(await both.delayMs());
    expect(Math.min(...delays)).toBeLessThan(100);
  });

  test('Redis is restarted: no loss, no repeat, and then at once again', async () => {
    await using redis = await startRedis();
    await using both = await openInstallation({ openBus: () => openBus(redis.url) });
    await both.staysExactDuring(async () => {
      await redis.stop();
      await waitFor(() => both.members.every(({ bus }) => !isUp(bus)), { withinMs: 5_000, what: 'both to notice' });
      await redis.start();
      await waitFor(() => both.members.every(({ bus }) => isUp(bus)), { withinMs: 10_000, what: 'both to come back' });
    });
    expect(both.members[0].bus.status?.().breaks).toBe(1);
  });

  test('the connections that listen are killed again and again: no loss, no repeat', async () => {
    await using redis = await startRedis();
    await using both = await openInstallation({ openBus: () => openBus(redis.url) });
    const [{ bus }] = both.members;
    await both.staysExactDuring(() =>
      waitFor(
        async () => {
          await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
          return (bus.status?.().breaks ?? 0) >= 3;
        },
        { withinMs: 30_000, what: 'three breaks', pollMs: 50 },
      ),
    );
  });

  test('Redis is frozen: noticed within 5 s, events arrive by the catch-up, emits do not wait', async () => {
    await using redis = await startRedis();
    await using both = await openInstallation({ openBus: () => openBus(redis.url) });
    const [{ bus }, { manager }] = both.members;
    redis.freeze();
    const start = performance.now();
    expect(await both.delayMs()).toBeLessThan(5_000);
    await waitFor(() => both.members.every((member) => !isUp(member.bus)), { withinMs: 5_000, what: 'both to notice' });
    const emitting = performance.now();
    for (let n = 0; n < 100; n += 1) await both.emit(0);
    expect(performance.now() - emitting).toBeLessThan(1_000);
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(bus.status?.().failed).toBeGreaterThanOrEqual(100);
    await waitFor(() => manager.missedNoticeCount > 0, { withinMs: 10_000, what: 'missed notices to be counted' });
    redis.thaw();
    await waitFor(() => both.members.every((member) => isUp(member.bus)), {
      withinMs: 15_000,
      what: 'both to come back',
    });
    expect(await both.delayMs()).toBeLessThan(5_000);
  });

  test('what was missed while the link was down is found as soon as it is back, not at the next catch-up', async () => {
    await using redis = await startRedis();
    await using both = await openInstallation({ openBus: () => openBus(redis.url), catchUpMs: 3_600_000 });
    await both.staysExactDuring(async () => {
      await redis.stop();
      await waitFor(() => both.members.every(({ bus }) => !isUp(bus)), { withinMs: 5_000, what: 'both to notice' });
      await both.emit(0);
      await redis.start();
      await waitFor(() => both.members.every(({ bus }) => isUp(bus)), { withinMs: 10_000, what: 'both to come back' });
    });
  });

  test('nonsense on the channel is dropped and counted', async () => {
    await using redis = await startRedis();
    await using both = await openInstallation({ openBus: () => openBus(redis.url), catchUpMs: 3_600_000 });
    const [{ bus }] = both.members;
    const nonsense = [
      'nonsense',
      '[]',
      '{"from":"x","notices":[["tasksChanged",["\\u0000"]]]}',
      '{"from":"x","notices":[["__proto__",[{}]]]}',
      '{"from":"x","notices":[["lookAgain",[{"sudo":true}]]]}',
      'x'.repeat(1_000_000),
    ];
    for (const text of nonsense) await redis.command('SPUBLISH', CHANNEL, text);
    await waitFor(() => bus.status?.().malformed === nonsense.length, { withinMs: 5_000, what: 'all to be counted' });
    expect(bus.status?.()).toMatchObject({ received: 0, isConnected: true });
    expect(await both.delayMs()).toBeLessThan(5_000);
  });

  test('a password and a name are used, and a wrong one is refused without being shown', async () => {
    await using redis = await startRedis(['--requirepass', 'hunter2']);
    await using bus = await openBus(`redis://:hunter2@127.0.0.1:${redis.port}`);
    expect(isUp(bus)).toBe(true);
    const refusal = await refusalOf(`redis://:hunter3@127.0.0.1:${redis.port}`);
    expect(refusal).toContain('WRONGPASS');
    expect(refusal).not.toContain('hunter');
    expect(await refusalOf(redis.url)).toContain('NOAUTH');
  });

  test('a user who may listen and not speak is refused', async () => {
    await using redis = await startRedis();
    await redis.command('ACL', 'SETUSER', 'mute', 'on', '>hunter2', '~*', '&*', '+@all', '-publish', '-spublish');
    const refusal = await refusalOf(`redis://mute:hunter2@127.0.0.1:${redis.port}`);
    expect(refusal).toContain('NOPERM');
    expect(refusal).not.toContain('hunter2');
  });

  test('a channel of a cluster is followed to the node that it lives on', async () => {
    await using cluster = new AsyncDisposableStack();
    const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    const [one, other] = [cluster.use(await startRedis(args)), cluster.use(await startRedis(args))];
    await one.command('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
    await other.command('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
    await other.command('CLUSTER', 'SET-CONFIG-EPOCH', '2');
    await one.command('CLUSTER', 'MEET', '127.0.0.1', String(other.port));
    for (const node of [one, other]) {
      await waitFor(async () => String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'), {
        withinMs: 20_000,
        what: 'the cluster to form',
        pollMs: 50,
      });
    }
    const urls = [one.url, other.url];
    await using both = await openInstallation({
      openBus: () => openBus(urls.shift() ?? one.url),
      catchUpMs: 3_600_000,
    });
    expect(await both.delayMs()).toBeLessThan(5_000);

    // The channel's slot moves to the other node, as when a cluster is balanced anew.
    const slot = String(await one.command('CLUSTER', 'KEYSLOT', CHANNEL));
    const isOnOne = Number(slot) <= 8_191;
    const [owner, heir] = isOnOne ? [one, other] : [other, one];
    const heirId = String(await heir.command('CLUSTER', 'MYID'));
    for (const node of [heir, owner]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', heirId);
    const areBack = (): boolean => both.members.every(({ bus }) => isUp(bus) && bus.status?.().breaks === 1);
    await waitFor(areBack, { withinMs: 10_000, what: 'both to follow the channel' });
    expect(await both.delayMs()).toBeLessThan(5_000);
  });

  test('a Redis that accepts and never answers keeps a server from starting for a moment only', async () => {
    await using redis = await startRedis();
    redis.freeze();
    const start = performance.now();
    await using bus = await openBus(redis.url);
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(isUp(bus)).toBe(false);
    redis.thaw();
    await waitFor(() => isUp(bus), { withinMs: 15_000, what: 'the bus' });
  });

  test('a server starts without Redis, says so in /readyz, and finds it later', async () => {
    await using redis = await startRedis();
    await redis.stop();
    await using server = await startApp({ settings: { bus: redis.url } });
    const degraded = async (): Promise<unknown> => {
      const response = await fetch(`${server.origin}/readyz`);
      expect(response.status).toBe(200);
      return ((await response.json()) as { readonly degraded: unknown }).degraded;
    };
    expect(await degraded()).toEqual(['bus']);
    await server.emit();
    await redis.start();
    await waitFor(async () => JSON.stringify(await degraded()) === '[]', { withinMs: 10_000, what: 'the bus' });
    expect(server.app.stats().bus).toMatchObject({ isConnected: true });
    redis.freeze();
    await waitFor(async () => JSON.stringify(await degraded()) === '["bus"]', { withinMs: 15_000, what: 'the break' });
  });
});

/** A server that answers each thing it is sent with one line. */
async function openAnswering(line: string): Promise<AsyncDisposable & { readonly port: number }> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(`${line}\r\n`));
  });
  const port = await freePort();
  const listening = Promise.withResolvers<void>();
  server.listen(port, '127.0.0.1', () => listening.resolve());
  await listening.promise;
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}

describe('a Redis that cannot be used', () => {
  test('one too old to know HELLO, which answers with the password that it was sent', async () => {
    const echo = '-ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, ';
    await using old = await openAnswering(echo);
    expect(await refusalOf(`redis://:hunter2@127.0.0.1:${old.port}`)).toBe('Redis is too old; 6.2 or newer is needed.');
  });

  test('one that knows HELLO and is older than 6.2', async () => {
    await using old = await openAnswering(
      '%3\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n6.0.9\r\n+proto\r\n:3',
    );
    expect(await refusalOf(`redis://127.0.0.1:${old.port}`)).toBe('Redis 6.0.9 is too old; 6.2 or newer is needed.');
  });

  test('a host that nobody knows is no reason not to start: so is a service of Docker or Kubernetes that is stopped', async () => {
    const troubles: Error[] = [];
    await using bus = await openBus('redis://:hunter2@no-such-host.invalid', troubles);
    expect(isUp(bus)).toBe(false);
    // Without any DNS it is EAI_AGAIN.
    expect(troubles[0]?.message).toMatch(/^Redis: (?:ENOTFOUND|EAI_AGAIN)$/);
  });

  test('one that is not there is no reason not to start', async () => {
    const troubles: Error[] = [];
    const port = await freePort();
    await using bus = await openBus(`redis://:hunter2@127.0.0.1:${port}`, troubles);
    await waitFor(() => troubles.length > 0, { withinMs: 5_000, what: 'the trouble to be reported' });
    expect(bus.status?.()).toMatchObject({ isConnected: false, breaks: 0 });
    expect(troubles.map(({ message }) => message)).toEqual(['Redis: ECONNREFUSED']);
  });
});
