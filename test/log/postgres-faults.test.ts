/** What a log in Postgres does when others hold locks, when connections and servers go, and when an answer is lost. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Client } from 'pg';
import { newEvent, newEvents, numbers, oneTo, readAll } from '../../src/conformance/event-log/support.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { openPostgresLog, type PostgresLogOptions } from '../../src/log/postgres-log.ts';
import { startPostgres, type PostgresServer } from '../support/postgres.ts';
import { openTcpProxy } from '../support/tcp-proxy.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';

let shared: PostgresServer | undefined;
beforeAll(async () => {
  shared = await startPostgres();
});
afterAll(() => shared?.[Symbol.asyncDispose]());

function server(): PostgresServer {
  if (shared === undefined) throw new Error('Postgres is started before the first test, not before.');
  return shared;
}

async function openFresh(options: Partial<PostgresLogOptions> = {}): Promise<{ log: EventLog; url: string }> {
  const url = await server().freshUrl();
  return { log: await openPostgresLog({ url, ...options }), url };
}

/** Another program, with a transaction that it leaves open. */
async function openStranger(url: string, ...statements: readonly string[]): Promise<Client & AsyncDisposable> {
  const client = new Client({ connectionString: url, application_name: 'stranger' });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  for (const statement of statements) await client.query(statement);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** What a call was refused with; undefined when it was not. */
function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

const UNAVAILABLE = { code: 'STORE_UNAVAILABLE' };

const LOCK_TASK = `SELECT 1 FROM drumline_task WHERE task_id = 'locked' FOR UPDATE`;

/** Appends, and does it again with the same ids until it is told that the event is stored. */
async function appendSurely(log: EventLog, batch: Parameters<EventLog['append']>[0]): Promise<void> {
  const isStored = async (): Promise<boolean> =>
    log.append(batch).then(
      () => true,
      (error: unknown) => {
        expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
        return false;
      },
    );
  await waitFor(isStored, { withinMs: 20_000, what: 'an append to be stored' });
}

describe('group commit', () => {
  test('appends that come while a transaction is under way go together into the next', async () => {
    const { log, url } = await openFresh();
    await using _ = log;
    await Promise.all(
      oneTo(300).map((index) => log.append([newEvent({ taskId: `t${index % 7}`, eventId: `e${index}` })])),
    );
    await using stranger = await openStranger(url);
    const { rows } = await stranger.query<{ count: string }>('SELECT count(DISTINCT xmin::text) FROM drumline_event');
    expect(Number(rows[0]?.count)).toBeLessThan(10);
  });
});

describe('a task that another server holds', () => {
  test('holds up nobody else; its own append waits, and goes on when it is free', async () => {
    const { log, url } = await openFresh();
    await using _ = log;
    await log.append([newEvent({ taskId: 'locked', eventId: '1' }), newEvent({ taskId: 'free', eventId: '1' })]);
    await using stranger = await openStranger(url, LOCK_TASK);
    const held = log.append([newEvent({ taskId: 'locked', eventId: '2' })]);
    const beside = log.append([newEvent({ taskId: 'free', eventId: '2' })]);
    await settlesWithin(beside, { withinMs: 1_000, what: 'an append to a free task' });
    // From here on nobody waits for the lock but those who want it.
    for (const index of oneTo(20)) {
      const append = log.append([newEvent({ taskId: 'free', eventId: `more-${index}` })]);
      await settlesWithin(append, { withinMs: 250, what: 'an append to a free task' });
    }
    await stranger.query('ROLLBACK');
    expect(await held).toMatchObject([{ event: { seq: 2 }, duplicate: false }]);
    expect(numbers(await readAll(log, 'locked'))).toEqual([1, 2]);
  });

  test('holds up no task that was held as well, and is free again', async () => {
    const { log, url } = await openFresh();
    await using _ = log;
    for (const taskId of ['hot', 'locked']) await log.append([newEvent({ taskId, eventId: '1' })]);
    await using stranger = await openStranger(url, LOCK_TASK);
    await using another = await openStranger(url, LOCK_TASK.replace('locked', 'hot'));
    const held = log.append([newEvent({ taskId: 'locked', eventId: '2' })]);
    const first = log.append([newEvent({ taskId: 'hot', eventId: '2' })]);
    const waitersOf = async (): Promise<number> => {
      const { rows } = await another.query<{ count: string }>(`SELECT count(*) FROM pg_locks WHERE NOT granted`);
      return Number(rows[0]?.count);
    };
    // Both were set aside; each waits alone from then on.
    await waitFor(async () => (await waitersOf()) === 2, { withinMs: 1_500, what: 'both to wait for their locks' });
    await another.query('ROLLBACK');
    let isHeld = true;
    void held.then(() => (isHeld = false));
    await first;
    for (const index of oneTo(5)) await log.append([newEvent({ taskId: 'hot', eventId: `more-${index}` })]);
    expect(isHeld).toBe(true);
    await stranger.query('ROLLBACK');
    expect(await held).toMatchObject([{ event: { seq: 2 } }]);
    expect(numbers(await readAll(log, 'hot'))).toEqual(oneTo(7));
  });

  test('for too long: refused in time as surely not stored, and the event may come again', async () => {
    const { log, url } = await openFresh();
    await using _ = log;
    await log.append([newEvent({ taskId: 'locked', eventId: '1' })]);
    await using stranger = await openStranger(url, LOCK_TASK);
    const refused = refusalOf(log.append([newEvent({ taskId: 'locked', eventId: '2' })]));
    const refusal = await settlesWithin(refused, { withinMs: 2_000, what: 'a refusal' });
    expect(refusal).toMatchObject({ ...UNAVAILABLE, outcome: 'FAILED' });
    await stranger.query('ROLLBACK');
    expect(await log.append([newEvent({ taskId: 'locked', eventId: '2' })])).toMatchObject([{ duplicate: false }]);
    expect(numbers(await readAll(log, 'locked'))).toEqual([1, 2]);
  });

  test('that is only being begun elsewhere holds up nobody else either', async () => {
    const { log, url } = await openFresh();
    await using _ = log;
    await log.append([newEvent({ taskId: 'free', eventId: '1' })]);
    const copy = `INSERT INTO drumline_task SELECT 77, 'begun-elsewhere', genesis_hash, oldest_seq, seq, hash, status, stage,
      started_at, last_update, overall, display, recorded_at, component_count, component_digest, checksum, genesis,
      base_hash, last_event_id, changed FROM drumline_task`;
    await using stranger = await openStranger(url, copy);
    const held = log.append([newEvent({ taskId: 'begun-elsewhere', eventId: '1' })]);
    const beside = log.append([newEvent({ taskId: 'free', eventId: '2' })]);
    await settlesWithin(beside, { withinMs: 1_000, what: 'an append to a free task' });
    await stranger.query('ROLLBACK');
    expect(await held).toMatchObject([{ event: { seq: 1 } }]);
  });
});

describe('connections that break', () => {
  test('a session that was ended while it was idle is replaced without anybody noticing', async () => {
    const { log } = await openFresh();
    await using _ = log;
    await log.append(newEvents('task', 2));
    await log.publishObservation({ id: 'o1', content: 'c', metadata: {} });
    expect(await server().killBackends()).toBeGreaterThan(1);
    await log.append([newEvent({ eventId: 'after' })]);
    await log.publishObservation({ id: 'o2', content: 'c', metadata: {} });
    expect(numbers(await readAll(log, 'task'))).toEqual([1, 2, 3]);
  });

  test('sessions ended at random moments: each event is stored once, in one chain', async () => {
    const { log } = await openFresh();
    await using _ = log;
    const produce = async (producer: number): Promise<void> => {
      for (const index of oneTo(15)) {
        const append = appendSurely(log, newEvents(`task-${index % 2}`, 2, `p${producer}-${index}-`));
        if (index % 3 === 0) await server().killBackends();
        await append;
      }
    };
    await Promise.all(oneTo(4).map(produce));
    for (const taskId of ['task-0', 'task-1']) {
      const events = await waitFor(() => log.head(taskId), { withinMs: 5_000, what: 'the head' });
      expect(numbers(await readAll(log, taskId))).toEqual(oneTo(events.progress.seq));
    }
    const stored = (await Promise.all(['task-0', 'task-1'].map((taskId) => readAll(log, taskId)))).flat();
    expect(new Set(stored.map(({ eventId }) => eventId)).size).toBe(stored.length);
    expect(stored).toHaveLength(120);
  });

  test.each([
    ['the network went silent', true],
    ['the session was ended', false],
  ])('no answer to a commit, for %s: unknown, and doing it again stores nothing twice', async (_, isStored) => {
    await using proxy = await openTcpProxy({ target: { port: server().port } });
    const url = await server().freshUrl();
    await using direct = await openPostgresLog({ url });
    await using log = await openPostgresLog({ url: url.replace(`:${server().port}/`, `:${proxy.port}/`) });
    await log.append([newEvent({ eventId: '1' })]);
    // What comes before the commit takes long enough to be seen.
    await using stranger = await openStranger(url, SLOW_EVENTS, 'COMMIT');
    const lost = refusalOf(log.append([newEvent({ eventId: '2', message: 'slow' })]));
    const sleeping = `SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'`;
    await waitFor(async () => (await stranger.query(sleeping)).rows.length === 1, {
      withinMs: 1_500,
      what: 'the insert',
    });
    if (isStored) for (const connection of proxy.connections()) connection.pause();
    else await stranger.query(`SELECT pg_terminate_backend(pid) FROM (${sleeping})`);
    const refusal = await settlesWithin(lost, { withinMs: 2_000, what: 'an answer' });
    expect(refusal).toMatchObject({ ...UNAVAILABLE, outcome: 'UNKNOWN' });
    expect(numbers(await readAll(direct, 'task'))).toEqual(isStored ? [1, 2] : [1]);
    const again = await direct.append([newEvent({ eventId: '2', message: 'slow' })]);
    expect(again).toMatchObject([{ event: { seq: 2 }, duplicate: isStored }]);
    for (const connection of proxy.connections()) connection.destroy();
    expect(await log.append([newEvent({ eventId: '3' })])).toMatchObject([{ event: { seq: 3 } }]);
  });

  test('a network that goes silent: every call ends in time, and all is well once it is back', async () => {
    await using proxy = await openTcpProxy({ target: { port: server().port } });
    const url = await server().freshUrl();
    await using log = await openPostgresLog({ url: url.replace(`:${server().port}/`, `:${proxy.port}/`) });
    await log.append(newEvents('task', 2));
    await readAll(log, 'task');
    for (const connection of proxy.connections()) connection.halfOpen();
    const calls = [
      log.append([newEvent({ eventId: 'x' })]),
      readAll(log, 'task'),
      log.changes({ limit: 1 }),
      log.publishObservation({ id: 'x', content: 'c', metadata: {} }),
      log.initTask({ taskId: 'other', labels: [] }),
    ];
    const refusals = await settlesWithin(Promise.all(calls.map(refusalOf)), { withinMs: 6_000, what: 'all calls' });
    for (const refusal of refusals.filter((each) => each !== undefined)) expect(refusal).toMatchObject(UNAVAILABLE);
    await appendSurely(log, [newEvent({ eventId: 'x' })]);
    await appendSurely(log, [newEvent({ eventId: 'y' })]);
    expect(numbers(await readAll(log, 'task'))).toEqual([1, 2, 3, 4]);
  });
});

const SLOW_EVENTS = `
  CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END';
  CREATE TRIGGER slow BEFORE INSERT ON drumline_event FOR EACH ROW WHEN (NEW.record LIKE '%slow%') EXECUTE FUNCTION slow()`;

describe('the server goes', () => {
  test.each(['SIGINT', 'SIGQUIT'] as const)(
    'stopped by %s under load and started again: emits are answered in time, none is lost or doubled',
    async (signal) => {
      await using own = await startPostgres();
      await using log = await openPostgresLog({ url: own.url });
      await log.append(newEvents('task', 1));
      const stopped = new AbortController();
      const stored: string[] = [];
      const producing = oneTo(4).map(async (producer) => {
        for (let index = 0; !stopped.signal.aborted || index < 20; index += 1) {
          const began = performance.now();
          const eventId = `p${producer}-${index}`;
          const refusal = await refusalOf(log.append([newEvent({ eventId })]));
          expect(performance.now() - began).toBeLessThan(2_000);
          expect(refusal ?? UNAVAILABLE).toMatchObject(UNAVAILABLE);
          await appendSurely(log, [newEvent({ eventId })]);
          stored.push(eventId);
        }
      });
      await waitFor(() => stored.length > 50, { withinMs: 5_000, what: 'some events' });
      await own.stop(signal);
      await own.start();
      stopped.abort();
      await Promise.all(producing);
      const events = await readAll(log, 'task');
      expect(numbers(events)).toEqual(oneTo(stored.length + 1));
      expect(new Set(events.map(({ eventId }) => eventId))).toEqual(new Set(['e1', ...stored]));
    },
  );

  test('a server that is gone: reads and appends say so in time', async () => {
    await using own = await startPostgres();
    await using log = await openPostgresLog({ url: own.url });
    await log.append(newEvents('task', 1));
    await own.stop();
    const calls = [log.append([newEvent({ eventId: 'x' })]), readAll(log, 'task'), log.ready()];
    const refusals = Promise.all(calls.map(refusalOf));
    for (const refusal of await settlesWithin(refusals, { withinMs: 2_500, what: 'three refusals' })) {
      expect(refusal).toMatchObject({ ...UNAVAILABLE, outcome: 'FAILED' });
    }
  });
});

test('a task that an older copy of the database does not have is begun again, alone and in a batch with new ones', async () => {
  const { log, url } = await openFresh();
  await using _log = log;
  await log.append(newEvents('lost', 3));
  await using stranger = await openStranger(url);
  for (const table of ['event', 'component', 'task']) await stranger.query(`DELETE FROM drumline_${table}`);
  await stranger.query('COMMIT');
  const batch = [newEvent({ taskId: 'new', eventId: 'a' }), newEvent({ taskId: 'lost', eventId: 'b' })];
  expect(numbers((await log.append(batch)).map(({ event }) => event))).toEqual([1, 1]);
  expect((await log.append([newEvent({ taskId: 'lost', eventId: 'c' })]))[0]?.event.seq).toBe(2);
  expect(await log.initTask({ taskId: 'lost', labels: [] })).toMatchObject({ created: false, head: { oldestSeq: 1 } });
});
