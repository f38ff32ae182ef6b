/** The events at places that are known: whatever else is in the log, each is the one that was meant, or none. */
import { expect, test } from 'vitest';
import type { EventLog, EventPlace } from '../../log/event-log.ts';
import { logOptions, newEvent, newEvents, readAll } from './support.ts';
import type { LogUnderTest } from './support.ts';

export function testEventsAt({ open }: LogUnderTest): void {
  test('each place gives its event, in the order of the places', async () => {
    await using log = await open(logOptions());
    await log.append([...newEvents('a', 3), ...newEvents('b', 1), ...newEvents('aa', 5)]);
    const all = [
      ...(await readAll(log, 'aa')),
      ...(await readAll(log, 'b')),
      ...(await readAll(log, 'a')),
    ].toReversed();
    expect(await log.eventsAt(all)).toEqual(all);
    expect(await log.eventsAt([])).toEqual([]);
    const heads = await log.tasks({ limit: 10 });
    const last = await log.eventsAt(heads.map(({ progress }) => progress));
    expect(last.map((event) => event?.hash)).toEqual(heads.map(({ progress }) => progress.hash));
  });

  test('a place before the first event, beyond the last, of another history or of no task gives nothing', async () => {
    await using log = await open(logOptions());
    const { head } = await log.initTask({ taskId: 'empty', labels: [] });
    const { head: begun } = await log.initTask({ taskId: 'task', labels: [] });
    await log.append(newEvents('task', 3));
    const [first, second, third] = await placesOf(log, 'task');
    if (first === undefined || second === undefined || third === undefined) throw new Error('There are three.');
    const wrong = [
      head.progress,
      begun.progress,
      { ...first, hash: '0123456789abcdef' },
      { ...first, hash: second.hash },
      { ...third, seq: 2 },
      { ...third, seq: 4 },
      { ...third, taskId: 'nobody' },
      { ...third, taskId: 'empty' },
      { ...third, taskId: 'tas' },
    ];
    const found = await log.eventsAt([...wrong, second]);
    expect(found.map((event) => event?.seq)).toEqual([...wrong.map(() => undefined), 2]);
  });

  test('what was trimmed is gone, and what is left is found as before', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 5));
    const places = await placesOf(log, 'task');
    for (const through of [1, 3, 5]) {
      await log.trim('task', through);
      const kept = places.map(({ seq }) => (seq > through ? seq : undefined));
      expect((await log.eventsAt(places)).map((event) => event?.seq)).toEqual(kept);
    }
  });

  test('a task that was deleted and begun anew has none of the old places', async () => {
    await using log = await open(logOptions());
    await log.append(newEvents('task', 2));
    const places = await placesOf(log, 'task');
    await log.delete('task');
    expect(await log.eventsAt(places)).toEqual([undefined, undefined]);
    await log.append([newEvent({ eventId: 'anew' }), newEvent({ eventId: 'and on' })]);
    expect(await log.eventsAt(places)).toEqual([undefined, undefined]);
    expect(await log.eventsAt(await placesOf(log, 'task'))).toEqual(await readAll(log, 'task'));
  });
}

async function placesOf(log: EventLog, taskId: string): Promise<readonly EventPlace[]> {
  return (await readAll(log, taskId)).map(({ seq, hash }) => ({ taskId, seq, hash }));
}
