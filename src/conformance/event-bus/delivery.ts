/** What reaches which handler; and of a bus that loses nothing, that each notice does so once and in order. */
import { expect, test, vi } from 'vitest';
import { openBus, PATIENCE, publishUntil, settle, TOPICS, type BusUnderTest } from './support.ts';

export function testDelivery(driver: BusUnderTest): void {
  test('every handler of a topic gets its notices', async () => {
    await using bus = await openBus(driver);
    const seen: [number[], number[]] = [[], []];
    for (const each of seen) await bus.subscribe('numbers', ({ n }) => void each.push(n));
    await publishUntil(bus, () => seen.every((each) => each.length > 0));
    expect(new Set(seen.flat())).toEqual(new Set([0]));
  });

  test('topics that look alike stay apart', async () => {
    await using bus = await openBus(driver);
    const seen = new Map<string, Set<number>>(TOPICS.map((topic) => [topic, new Set()]));
    for (const topic of TOPICS) await bus.subscribe(topic, ({ n }) => void seen.get(topic)?.add(n));
    const publishAll = async (): Promise<boolean> => {
      for (const [n, topic] of TOPICS.entries()) await bus.publish(topic, { n });
      return [...seen.values()].every((each) => each.size > 0);
    };
    await vi.waitUntil(publishAll, PATIENCE);
    expect([...seen.values()]).toEqual(TOPICS.map((_, n) => new Set([n])));
  });

  test('nobody has to listen', async () => {
    const errors: unknown[] = [];
    await using bus = await openBus(driver, errors);
    await bus.publish('numbers', { n: 1 });
    await settle(bus);
    expect(errors).toEqual([]);
  });

  test('publish does not wait for a handler', async () => {
    await using bus = await openBus(driver);
    let begun = 0;
    await bus.subscribe('numbers', () => {
      begun += 1;
      return new Promise<void>(() => undefined);
    });
    await publishUntil(bus, () => begun >= 3);
    expect(begun).toBeGreaterThanOrEqual(3);
  });

  test('the same handler on one topic counts once; on two topics, twice', async () => {
    await using bus = await openBus(driver);
    const handler = (): void => undefined;
    expect(bus.subscriptionCount).toBe(0);
    await bus.subscribe('numbers', handler);
    await bus.subscribe('numbers', handler);
    expect(bus.subscriptionCount).toBe(1);
    await bus.subscribe('other', handler);
    expect(bus.subscriptionCount).toBe(2);
    await bus.unsubscribe('numbers', handler);
    expect(bus.subscriptionCount).toBe(1);
    await bus.unsubscribe('numbers', handler);
    await bus.unsubscribe('numbers:other', handler);
    expect(bus.subscriptionCount).toBe(1);
  });

  test('who unsubscribed hears nothing more', async () => {
    await using bus = await openBus(driver);
    let gone = 0;
    let stayed = 0;
    const leaver = (): void => void (gone += 1);
    await bus.subscribe('numbers', leaver);
    await bus.subscribe('numbers', () => void (stayed += 1));
    await bus.unsubscribe('numbers', leaver);
    const before = gone;
    await publishUntil(bus, () => stayed > 0);
    expect(gone).toBe(before);
  });
}

export function testExact(driver: BusUnderTest): void {
  test('notices of all topics are handled once each, in the order of publishing', async () => {
    await using bus = await openBus(driver);
    const seen: string[] = [];
    for (const topic of ['numbers', 'other'] as const)
      await bus.subscribe(topic, ({ n }) => void seen.push(`${topic} ${n}`));
    const published: string[] = [];
    for (let n = 0; n < 500; n += 1) {
      const topic = n % 3 === 0 ? 'other' : 'numbers';
      published.push(`${topic} ${n}`);
      void bus.publish(topic, { n });
    }
    await vi.waitUntil(() => seen.length >= 500, PATIENCE);
    expect(seen).toEqual(published);
  });

  test('a slow handler gets its notices in order, and holds up no other', async () => {
    await using bus = await openBus(driver);
    const gate = Promise.withResolvers<void>();
    const begun: number[] = [];
    const quick: number[] = [];
    await bus.subscribe('numbers', async ({ n }) => {
      begun.push(n);
      await gate.promise;
    });
    await bus.subscribe('numbers', ({ n }) => void quick.push(n));
    for (const n of [1, 2, 3]) await bus.publish('numbers', { n });
    await vi.waitUntil(() => quick.length === 3, PATIENCE);
    expect(begun).toEqual([1, 2, 3]);
    gate.resolve();
  });

  test('stopping and starting inside a handler drops what was queued before', async () => {
    await using bus = await openBus(driver);
    const seen: number[] = [];
    await bus.subscribe('numbers', ({ n }) => {
      seen.push(n);
      if (n !== 1) return;
      void bus.stop();
      void bus.start();
    });
    for (const n of [1, 2, 3]) void bus.publish('numbers', { n });
    await settle(bus);
    expect(seen).toEqual([1]);
  });
}
