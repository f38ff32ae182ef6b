/** One transaction for many: what may happen between the first events that go out and the commit. */
import { expect, test } from 'vitest';
import { newEvents, oneTo } from '../../src/conformance/event-log/support.ts';
import { openPostgresLog } from '../../src/log/postgres-log.ts';
import { createTaskWriter, type WriteCommand, type WriteResult } from '../../src/log/postgres/group.ts';
import type { Ask } from '../../src/log/postgres/connection.ts';
import { ConnectionError } from '../../src/log/postgres/errors.ts';
import { WRITE } from '../../src/log/postgres/statements.ts';
import { createRunner } from '../../src/log/postgres/runner.ts';
import { createRequest, type LaneRequest } from '../../src/log/postgres/request.ts';
import { createSession } from '../../src/log/postgres/session.ts';
import { startPostgres } from '../support/postgres.ts';

type Request = LaneRequest<WriteCommand, WriteResult>;

test('a connection that is lost before the commit goes out stored nothing, and that is known', async () => {
  await using postgres = await startPostgres();
  await using log = await openPostgresLog({ url: postgres.url });
  await using session = createSession({ url: postgres.url, lockMs: 1_000 });
  const writer = createTaskWriter({ snapshotEvery: 1_000, now: undefined, onDamage: () => undefined });
  const ask = await session.ask();
  const lost = new ConnectionError('lost');
  const losing: Ask = (statement, values) =>
    statement === WRITE.insertEvents ? Promise.reject(lost) : ask(statement, values);
  const batch = newEvents('task', 250);
  const request = createRequest<WriteCommand, WriteResult>(
    { command: { kind: 'append', batch }, taskIds: ['task'], records: 250, characters: 250 },
    { resolve: () => undefined, reject: () => undefined },
  );
  let isSent = false;
  const written = writer.write(losing, [request], () => {
    isSent = true;
  });
  await expect(written).rejects.toBe(lost);
  expect(isSent).toBe(false);
  request.reject(lost);
  session.drop();
  expect(await log.head('task')).toBeUndefined();
});

test('a caller who is answered while its group is sent has nothing stored, and the others have all of theirs', async () => {
  await using postgres = await startPostgres();
  await using log = await openPostgresLog({ url: postgres.url });
  await using session = createSession({ url: postgres.url, lockMs: 1_000 });
  const writer = createTaskWriter({ snapshotEvery: 1_000, now: undefined, onDamage: () => undefined });
  const stored: string[] = [];

  function request(taskId: string, count: number, isOver = () => false): Request {
    const command: WriteCommand = { kind: 'append', batch: newEvents(taskId, count) };
    const facts = { command, taskIds: [taskId], records: count, characters: count };
    const made = createRequest<WriteCommand, WriteResult>(facts, {
      resolve: () => void stored.push(taskId),
      reject: () => undefined,
    });
    return Object.create(made, { isOver: { get: () => made.isOver || isOver() } }) as Request;
  }

  // Not over when the group is begun, but after the first events went out.
  let looks = 0;
  const late = request('late', 300, () => (looks += 1) > 1);
  const group = [request('before', 250), late, request('after', 250)];
  await createRunner({ writer, onWarning: () => undefined })(session, group);
  expect(looks).toBeGreaterThan(1);
  expect(stored).toEqual(['before', 'after']);
  expect(await log.head('late')).toBeUndefined();
  for (const taskId of ['before', 'after']) {
    const events = await log.read(taskId, { after: 0, limit: 1_000 });
    expect(events.map(({ seq }) => seq)).toEqual(oneTo(250));
  }
});
