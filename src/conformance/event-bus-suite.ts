/**
 * The conformance suite of `EventBus`: the sentences of the contract in `src/bus/event-bus.ts` as tests, a function of
 * a factory. A bus may lose, delay and repeat notices; one that does not declares `exact` and is held to it. One that
 * reaches beyond its process opens two of an installation as well, and is cut off from the other.
 */
import { describe, expect, test, vi } from 'vitest';
import { openBus, PATIENCE, publishUntil, settle, TOPICS, type BusUnderTest } from './event-bus/support.ts';
import { testBrokenLink, testTwo } from './event-bus/two-buses.ts';

export { SUITE_FORMATS } from './event-bus/support.ts';
export type { BusUnderTest, SuiteBusOptions, SuiteTopics, TwoBuses } from './event-bus/support.ts';

type Part = readonly [string, (driver: BusUnderTest) => void];

const PARTS: readonly Part[] = [
  ['delivery', testDelivery],
  ['failing handlers', testFailures],
  ['changes inside a handler', testChangesInside],
  ['start and stop', testStop],
  ['dispose', testDispose],
];
const EXACT_PARTS: readonly Part[] = [['exact delivery', testExact]];

export function testEventBus(driver: BusUnderTest): void {
  const parts = driver.delivery === 'exact' ? [...PARTS, ...EXACT_PARTS] : PARTS;
  for (const [part, testPart] of parts) {
    describe(`${driver.name}: ${part}`, () => {
      testPart(driver);
    });
  }
  const { openTwo } = driver;
  if (openTwo === undefined) return;
  describe(`${driver.name}: two of an installation`, () => {
    testTwo(driver, openTwo);
  });
  describe(`${driver.name}: a broken link`, () => {
    testBrokenLink(openTwo);
  });
}

function testDelivery(driver: BusUnderTest): void {
  test('every handler of a topic gets its notices', async () => {
    await using opened = await openBus(driver);
    const seen: [number[], number[]] = [[], []];
    for (const each of seen) await opened.bus.subscribe('numbers', ({ n }) => void each.push(n));
    await publishUntil(opened.bus, () => seen.every((each) => each.length > 0));
    expect(new Set(seen.flat())).toEqual(new Set([0]));
  });

  test('topics that look alike stay apart', async () => {
    await using opened = await openBus(driver);
    const seen = new Map<string, Set<number>>(TOPICS.map((topic) => [topic, new Set()]));
    for (const topic of TOPICS) await opened.bus.subscribe(topic, ({ n }) => void seen.get(topic)?.add(n));
    const publishAll = async (): Promise<boolean> => {
      for (const [n, topic] of TOPICS.entries()) await opened.bus.publish(topic, { n });
      return [...seen.values()].every((each) => each.size > 0);
    };
    await vi.waitUntil(publishAll, PATIENCE);
    expect([...seen.values()]).toEqual(TOPICS.map((_, n) => new Set([n])));
  });

  test('nobody has to listen', async () => {
    await using opened = await openBus(driver);
    await opened.bus.publish('numbers', { n: 1 });
    await settle(opened.bus);
    expect(opened.errors).toEqual([]);
  });

  test('publish does not wait for a handler', async () => {
    await using opened = await openBus(driver);
    let begun = 0;
    await opened.bus.subscribe('numbers', () => {
      begun += 1;
      return new Promise<void>(() => undefined);
    });
    await publishUntil(opened.bus, () => begun >= 3);
    expect(begun).toBeGreaterThanOrEqual(3);
  });

  test('the same handler on one topic counts once; on two topics, twice', async () => {
    await using opened = await openBus(driver);
    const handler = (): void => undefined;
    expect(opened.bus.subscriptionCount).toBe(0);
    await opened.bus.subscribe('numbers', handler);
    await opened.bus.subscribe('numbers', handler);
    expect(opened.bus.subscriptionCount).toBe(1);
    await opened.bus.subscribe('other', handler);
    expect(opened.bus.subscriptionCount).toBe(2);
    await opened.bus.unsubscribe('numbers', handler);
    expect(opened.bus.subscriptionCount).toBe(1);
    await opened.bus.unsubscribe('numbers', handler);
    await opened.bus.unsubscribe('numbers:other', handler);
    expect(opened.bus.subscriptionCount).toBe(1);
  });

  test('who unsubscribed hears nothing more', async () => {
    await using opened = await openBus(driver);
    let gone = 0;
    let stayed = 0;
    const leaver = (): void => void (gone += 1);
    await opened.bus.subscribe('numbers', leaver);
    await opened.bus.subscribe('numbers', () => void (stayed += 1));
    await opened.bus.unsubscribe('numbers', leaver);
    const before = gone;
    await publishUntil(opened.bus, () => stayed > 0);
    expect(gone).toBe(before);
  });
}

function testFailures(driver: BusUnderTest): void {
  test.each<[string, () => void | Promise<void>]>([
    [
      'throws',
      () => {
        throw new Error('thrown');
      },
    ],
    ['rejects', () => Promise.reject(new Error('rejected'))],
    [
      'throws what is no error',
      () => {
        // oxlint-disable-next-line eslint/no-throw-literal, typescript/only-throw-error -- A handler of somebody else may.
        throw 'text';
      },
    ],
    ['never settles', () => new Promise<void>(() => undefined)],
  ])('a handler that %s hurts no other and no publisher', async (_, broken) => {
    await using opened = await openBus(driver);
    let handled = 0;
    await opened.bus.subscribe('numbers', broken);
    await opened.bus.subscribe('numbers', () => void (handled += 1));
    await publishUntil(opened.bus, () => handled >= 2);
    expect(handled).toBeGreaterThanOrEqual(2);
  });

  test('a failure is reported as it was thrown', async () => {
    await using opened = await openBus(driver);
    const thrown = new Error('thrown');
    const rejected = new Error('rejected');
    await opened.bus.subscribe('numbers', () => {
      throw thrown;
    });
    await opened.bus.subscribe('numbers', () => Promise.reject(rejected));
    await publishUntil(opened.bus, () => opened.errors.includes(thrown) && opened.errors.includes(rejected));
    expect(new Set(opened.errors)).toEqual(new Set([thrown, rejected]));
  });

  test('a reporter that fails itself stops nothing', async () => {
    let handled = 0;
    await using bus = await driver.open({
      onHandlerError: () => {
        throw new Error('the reporter fails');
      },
    });
    await bus.subscribe('numbers', () => {
      throw new Error('the handler fails');
    });
    await bus.subscribe('numbers', () => void (handled += 1));
    await publishUntil(bus, () => handled >= 3);
    expect(handled).toBeGreaterThanOrEqual(3);
  });
}

function testChangesInside(driver: BusUnderTest): void {
  test('a handler may unsubscribe itself while it runs', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    let once = 0;
    let always = 0;
    const handler = async (): Promise<void> => {
      once += 1;
      await bus.unsubscribe('numbers', handler);
    };
    await bus.subscribe('numbers', handler);
    await bus.subscribe('numbers', () => void (always += 1));
    await publishUntil(bus, () => always >= 3);
    expect(once).toBe(1);
    expect(bus.subscriptionCount).toBe(1);
  });

  test('a handler may unsubscribe another: it is not called any more', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    let victimCalls = 0;
    let calls = 0;
    const victim = (): void => void (victimCalls += 1);
    await bus.subscribe('numbers', () => {
      calls += 1;
      return bus.unsubscribe('numbers', victim);
    });
    await bus.subscribe('numbers', victim);
    await publishUntil(bus, () => calls >= 2);
    expect(victimCalls).toBe(0);
  });

  test('a handler may subscribe another, which hears the later notices', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    let late = 0;
    const latecomer = (): void => void (late += 1);
    await bus.subscribe('numbers', () => bus.subscribe('numbers', latecomer));
    await publishUntil(bus, () => late > 0);
    expect(bus.subscriptionCount).toBe(2);
  });

  test('a handler that publishes in turn does not keep the process from other work', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    let echoes = 0;
    await bus.subscribe('numbers', async ({ n }) => {
      echoes += 1;
      await bus.publish('numbers', { n: n + 1 });
    });
    await publishUntil(bus, () => echoes >= 20);
    await bus.stop();
    expect(echoes).toBeGreaterThanOrEqual(20);
  });
}

function testStop(driver: BusUnderTest): void {
  test('starting and stopping again change nothing', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    let handled = 0;
    await bus.stop();
    await bus.start();
    await bus.start();
    await bus.subscribe('numbers', () => void (handled += 1));
    await publishUntil(bus, () => handled > 0);
    await bus.stop();
    await bus.stop();
    expect(bus.subscriptionCount).toBe(1);
  });

  test('publishing starts a bus that is not running', async () => {
    await using opened = await openBus(driver);
    let handled = 0;
    await opened.bus.subscribe('numbers', () => void (handled += 1));
    await opened.bus.stop();
    await publishUntil(opened.bus, () => handled > 0);
    expect(handled).toBeGreaterThan(0);
  });

  test('nothing is delivered after stop, and what was queued is dropped', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
    const seen: number[] = [];
    await bus.subscribe('numbers', ({ n }) => void seen.push(n));
    const publishing = Promise.all([1, 2, 3].map((n) => bus.publish('numbers', { n })));
    await bus.stop();
    await publishing;
    const atStop = [...seen];
    await bus.start();
    await settle(bus);
    expect(seen).toEqual(atStop);
  });

  test('a stopped bus keeps its subscriptions', async () => {
    await using opened = await openBus(driver);
    let handled = 0;
    await opened.bus.subscribe('numbers', () => void (handled += 1));
    await opened.bus.stop();
    expect(opened.bus.subscriptionCount).toBe(1);
    await opened.bus.start();
    await publishUntil(opened.bus, () => handled > 0);
    expect(handled).toBeGreaterThan(0);
  });
}

function testDispose(driver: BusUnderTest): void {
  test('after dispose nothing is delivered, and no call fails or starts it again', async () => {
    const { bus } = await openBus(driver);
    let handled = 0;
    const handler = (): void => void (handled += 1);
    await bus.subscribe('numbers', handler);
    await bus.publish('numbers', { n: 1 });
    await bus[Symbol.asyncDispose]();
    const before = handled;
    await bus.start();
    await bus.subscribe('other', handler);
    await bus.publish('numbers', { n: 2 });
    await bus.publish('other', { n: 3 });
    // Three turns of the event loop are more than a delivery within a process takes.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    await bus.unsubscribe('numbers', handler);
    await bus.stop();
    expect(handled).toBe(before);
    expect(bus.subscriptionCount).toBe(0);
  });

  test('disposing again changes nothing', async () => {
    const { bus } = await openBus(driver);
    await Promise.all([bus[Symbol.asyncDispose](), bus[Symbol.asyncDispose]()]);
    await bus[Symbol.asyncDispose]();
    expect(bus.subscriptionCount).toBe(0);
  });
}

function testExact(driver: BusUnderTest): void {
  test('notices of all topics are handled once each, in the order of publishing', async () => {
    await using opened = await openBus(driver);
    const { bus } = opened;
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
    await using opened = await openBus(driver);
    const { bus } = opened;
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
    await using opened = await openBus(driver);
    const { bus } = opened;
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
