/** Two buses of one installation: each reaches the other, and neither hangs on it. */
import { expect, test, vi } from 'vitest';
import type { EventBus } from '../../bus/event-bus.ts';
import { PATIENCE, settle, TOPICS, type BusUnderTest, type SuiteTopics, type TwoBuses } from './support.ts';

export type OpenTwo = NonNullable<BusUnderTest['openTwo']>;

/** Two that are up, with what each has heard. */
async function openPair(openTwo: OpenTwo): Promise<TwoBuses & { readonly heard: readonly [number[], number[]] }> {
  const two = await openTwo({ onHandlerError: () => undefined });
  const heard: [number[], number[]] = [[], []];
  for (const [index, bus] of two.buses.entries()) await bus.subscribe('numbers', ({ n }) => void heard[index]?.push(n));
  await vi.waitUntil(() => two.buses.every((bus) => bus.status?.().isConnected === true), PATIENCE);
  return { ...two, heard, [Symbol.asyncDispose]: () => two[Symbol.asyncDispose]() };
}

/** Says `n` on one until the other heard it. */
async function reaches(from: EventBus<SuiteTopics>, heard: readonly number[], n: number): Promise<void> {
  const sayAgain = async (): Promise<boolean> => {
    await from.publish('numbers', { n });
    return heard.includes(n);
  };
  // A link that was cut may wait a little until it tries again.
  await vi.waitUntil(sayAgain, { timeout: 15_000, interval: 10 });
}

export function testTwo(driver: BusUnderTest, openTwo: OpenTwo): void {
  test('what is published on one reaches the handlers of the other, and its own', async () => {
    await using pair = await openPair(openTwo);
    const [one, other] = pair.buses;
    await reaches(one, pair.heard[1], 1);
    await reaches(other, pair.heard[0], 2);
    expect(pair.heard[0]).toContain(1);
    expect(pair.heard[1]).toContain(2);
  });

  test('topics that look alike stay apart between them', async () => {
    await using pair = await openPair(openTwo);
    const [one, other] = pair.buses;
    const seen = new Map<string, Set<number>>(TOPICS.map((topic) => [topic, new Set()]));
    for (const topic of TOPICS) await other.subscribe(topic, ({ n }) => void seen.get(topic)?.add(n));
    const publishAll = async (): Promise<boolean> => {
      for (const [n, topic] of TOPICS.entries()) await one.publish(topic, { n });
      return [...seen.values()].every((each) => each.size > 0);
    };
    await vi.waitUntil(publishAll, PATIENCE);
    expect([...seen.values()]).toEqual(TOPICS.map((_, n) => new Set([n])));
  });

  test('many notices at once all arrive', async () => {
    await using pair = await openPair(openTwo);
    const wanted = Array.from({ length: 3_000 }, (_, n) => n + 10);
    for (const n of wanted) await pair.buses[0].publish('numbers', { n });
    await vi.waitUntil(() => pair.heard[1].length >= wanted.length, PATIENCE);
    expect(new Set(pair.heard[1])).toEqual(new Set(wanted));
  });

  test('another installation hears nothing', async () => {
    await using pair = await openPair(openTwo);
    await using stranger = await driver.open({ onHandlerError: () => undefined });
    await vi.waitUntil(() => stranger.status?.().isConnected === true, PATIENCE);
    const overheard: number[] = [];
    await stranger.subscribe('numbers', ({ n }) => void overheard.push(n));
    await reaches(pair.buses[0], pair.heard[1], 3);
    await settle(stranger);
    expect(overheard).toEqual([]);
  });

  test('one that is stopped hears nothing, and hears again when it is started', async () => {
    await using pair = await openPair(openTwo);
    const [one, other] = pair.buses;
    await other.stop();
    await one.publish('numbers', { n: 4 });
    await vi.waitUntil(() => pair.heard[0].includes(4), PATIENCE);
    await other.start();
    await reaches(one, pair.heard[1], 5);
    expect(pair.heard[1]).not.toContain(4);
  });

  test('one that is gone hurts the other not at all', async () => {
    await using pair = await openPair(openTwo);
    const [one, other] = pair.buses;
    await other[Symbol.asyncDispose]();
    await one.publish('numbers', { n: 6 });
    await vi.waitUntil(() => pair.heard[0].includes(6), PATIENCE);
    expect(one.status?.().isConnected).toBe(true);
  });
}

export function testBrokenLink(openTwo: OpenTwo): void {
  test('shows within 5 s even when nobody says so, and handlers of the same bus are called all the while', async () => {
    await using pair = await openPair(openTwo);
    const [one] = pair.buses;
    await pair.cut('silence');
    await one.publish('numbers', { n: 1 });
    await vi.waitUntil(() => pair.heard[0].includes(1), PATIENCE);
    await vi.waitUntil(() => one.status?.().isConnected === false, PATIENCE);
    await one.publish('numbers', { n: 2 });
    await vi.waitUntil(() => pair.heard[0].includes(2), PATIENCE);
    expect(one.status?.()).toMatchObject({ isConnected: false, breaks: 1 });
    expect(one.status?.().failed).toBeGreaterThan(0);
  });

  test('publish, subscribe and unsubscribe do not wait for it', async () => {
    await using pair = await openPair(openTwo);
    const [one] = pair.buses;
    await pair.cut('silence');
    const start = performance.now();
    const handler = (): void => undefined;
    for (let n = 0; n < 2_000; n += 1) await one.publish('other', { n });
    await one.subscribe('other', handler);
    await one.unsubscribe('other', handler);
    // A tenth of this is ample; anything that waits for the link takes longer than this.
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test('heals by itself, in both directions, again and again', async () => {
    await using pair = await openPair(openTwo);
    const [one, other] = pair.buses;
    for (let round = 1; round <= 2; round += 1) {
      await pair.cut('reset');
      await vi.waitUntil(() => pair.buses.every((bus) => bus.status?.().isConnected === false), PATIENCE);
      await pair.mend();
      await reaches(one, pair.heard[1], round * 10);
      await reaches(other, pair.heard[0], round * 10 + 1);
    }
  }, 60_000);

  test('does not keep a bus from being stopped', async () => {
    const pair = await openPair(openTwo);
    await pair.cut('silence');
    const start = performance.now();
    await Promise.all(pair.buses.map((bus) => bus[Symbol.asyncDispose]()));
    expect(performance.now() - start).toBeLessThan(1_000);
    await pair[Symbol.asyncDispose]();
  });
}
