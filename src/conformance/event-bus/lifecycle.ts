/** A bus can be stopped and started again, and keeps its subscriptions; disposed, it is silent for good. */
import { expect, test } from 'vitest';
import { openBus, publishUntil, settle, type BusUnderTest } from './support.ts';

export function testStop(driver: BusUnderTest): void {
  test('starting and stopping again change nothing', async () => {
    await using bus = await openBus(driver);
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
    await using bus = await openBus(driver);
    let handled = 0;
    await bus.subscribe('numbers', () => void (handled += 1));
    await bus.stop();
    await publishUntil(bus, () => handled > 0);
    expect(handled).toBeGreaterThan(0);
  });

  test('nothing is delivered after stop, and what was queued is dropped', async () => {
    await using bus = await openBus(driver);
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
    await using bus = await openBus(driver);
    let handled = 0;
    await bus.subscribe('numbers', () => void (handled += 1));
    await bus.stop();
    expect(bus.subscriptionCount).toBe(1);
    await bus.start();
    await publishUntil(bus, () => handled > 0);
    expect(handled).toBeGreaterThan(0);
  });
}

export function testDispose(driver: BusUnderTest): void {
  test('after dispose nothing is delivered, and no call fails or starts it again', async () => {
    const bus = await openBus(driver);
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
    const bus = await openBus(driver);
    await Promise.all([bus[Symbol.asyncDispose](), bus[Symbol.asyncDispose]()]);
    await bus[Symbol.asyncDispose]();
    expect(bus.subscriptionCount).toBe(0);
  });
}
