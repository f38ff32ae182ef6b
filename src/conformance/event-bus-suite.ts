/**
 * The conformance suite of `EventBus`: the sentences of the contract in `src/bus/event-bus.ts` as tests, a function of
 * a factory. A bus may lose, delay and repeat notices; one that does not declares `exact` and is held to it. One that
 * reaches beyond its process opens two of an installation as well, and is cut off from the other.
 */
import { describe } from 'vitest';
import { testDelivery, testExact } from './event-bus/delivery.ts';
import { testChangesInside, testFailures } from './event-bus/handlers.ts';
import { testDispose, testStop } from './event-bus/lifecycle.ts';
import type { BusUnderTest } from './event-bus/support.ts';
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
