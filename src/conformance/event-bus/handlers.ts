/** What handlers do wrong, and what they do to the bus that calls them, hurts nobody else. */
import { expect, test } from 'vitest';
import { openBus, publishUntil, type BusUnderTest } from './support.ts';

export function testFailures(driver: BusUnderTest): void {
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
    await using bus = await openBus(driver);
    let handled = 0;
    await bus.subscribe('numbers', broken);
    await bus.subscribe('numbers', () => void (handled += 1));
    await publishUntil(bus, () => handled >= 2);
    expect(handled).toBeGreaterThanOrEqual(2);
  });

  test('a failure is reported as it was thrown', async () => {
    const errors: unknown[] = [];
    await using bus = await openBus(driver, errors);
    const thrown = new Error('thrown');
    const rejected = new Error('rejected');
    await bus.subscribe('numbers', () => {
      throw thrown;
    });
    await bus.subscribe('numbers', () => Promise.reject(rejected));
    await publishUntil(bus, () => errors.includes(thrown) && errors.includes(rejected));
    expect(new Set(errors)).toEqual(new Set([thrown, rejected]));
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

export function testChangesInside(driver: BusUnderTest): void {
  test('a handler may unsubscribe itself while it runs', async () => {
    await using bus = await openBus(driver);
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
    await using bus = await openBus(driver);
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
    await using bus = await openBus(driver);
    let late = 0;
    const latecomer = (): void => void (late += 1);
    await bus.subscribe('numbers', () => bus.subscribe('numbers', latecomer));
    await publishUntil(bus, () => late > 0);
    expect(bus.subscriptionCount).toBe(2);
  });

  test('a handler that publishes in turn does not keep the process from other work', async () => {
    await using bus = await openBus(driver);
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
