/** An event is what its producer handed in when it did: what happens to that object later is none of the log's. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { newEvent } from './sqlite-support.ts';

const DRIVERS: readonly (readonly [string, (directory: string) => Promise<EventLog>])[] = [
  ['memory', async () => openMemoryLog()],
  ['sqlite', (directory) => openSqliteLog({ path: join(directory, 'log.db') })],
];

test.each(DRIVERS)('%s: what is done to an input after it was handed in changes no event', async (_, open) => {
  await using dir = await openTempDir();
  await using log = await open(dir.path);
  const plain = { ...newEvent({ eventId: 'plain' }), message: 'as it was' };
  const nested = { list: [1] };
  const batches = [
    [plain],
    [newEvent({ eventId: 'plain too' }), newEvent({ eventId: 'detailed', details: { nested } })],
  ];
  const appends = batches.map((batch) => log.append(batch));
  plain.message = 'changed';
  nested.list.push(2);
  for (const batch of batches) batch.length = 0;
  const events = (await Promise.all(appends)).flat().map(({ event }) => event);
  plain.message = 'changed again';
  nested.list.push(3);

  expect(events.map(({ eventId }) => eventId)).toEqual(['plain', 'plain too', 'detailed']);
  expect(events[0]?.message).toBe('as it was');
  expect(events[2]?.details).toEqual({ nested: { list: [1] } });
  expect(await log.read('task', { after: 0, limit: 10 })).toEqual(events);
});
