/** What a bus under test is, and how its tests speak to it. */
import { vi } from 'vitest';
import { z } from 'zod';
import type { EventBus } from '../../bus/event-bus.ts';
import { wholeNotice, type NoticeFormats } from '../../bus/notice-format.ts';

export interface SuiteTopics {
  numbers: { readonly n: number };
  other: { readonly n: number };
  'numbers:other': { readonly n: number };
  constructor: { readonly n: number };
  __proto__: { readonly n: number };
}

const NUMBER = wholeNotice(z.strictObject({ n: z.number() }));

/** For a bus that sends notices to other processes. */
export const SUITE_FORMATS: NoticeFormats<SuiteTopics> = Object.freeze({
  numbers: NUMBER,
  other: NUMBER,
  'numbers:other': NUMBER,
  constructor: NUMBER,
  // A key in brackets is a key like any other; `__proto__:` would set the prototype.
  ['__proto__']: NUMBER,
});

export interface SuiteBusOptions {
  readonly onHandlerError: (error: unknown) => void;
}

export interface BusUnderTest {
  readonly name: string;
  /** Each call opens a bus that hears nothing of the others. */
  readonly open: (options: SuiteBusOptions) => Promise<EventBus<SuiteTopics>>;
  /** Two buses of one installation. Left out by a bus within one process. */
  readonly openTwo?: (options: SuiteBusOptions) => Promise<TwoBuses>;
  /** `exact`: every notice once and in the order of publishing. `hint`: it may be lost, late or repeated. */
  readonly delivery: 'exact' | 'hint';
}

export interface TwoBuses extends AsyncDisposable {
  readonly buses: readonly [EventBus<SuiteTopics>, EventBus<SuiteTopics>];
  /** From now on neither reaches the other. They are told so (`reset`), or nothing is said at all (`silence`). */
  cut(how: 'reset' | 'silence'): Promise<void>;
  /** The way is there again; that they find it is their part. */
  mend(): Promise<void>;
}

/** For what a bus does on its own time. */
export const PATIENCE = Object.freeze({ timeout: 5_000, interval: 10 });

export const TOPICS = ['numbers', 'other', 'numbers:other', 'constructor', '__proto__'] as const;

/** @param errors gets those of handlers */
export function openBus({ open }: BusUnderTest, errors: unknown[] = []): Promise<EventBus<SuiteTopics>> {
  return open({ onHandlerError: (error) => errors.push(error) });
}

/** Publishes until the condition holds: a hint may be lost. */
export function publishUntil(bus: EventBus<SuiteTopics>, condition: () => boolean): Promise<unknown> {
  const publishAgain = async (): Promise<boolean> => {
    await bus.publish('numbers', { n: 0 });
    return condition();
  };
  return vi.waitUntil(publishAgain, PATIENCE);
}

/** All that was published before has been handed out by now, as far as it will be. */
export async function settle(bus: EventBus<SuiteTopics>): Promise<void> {
  let isReached = false;
  const marker = (): void => {
    isReached = true;
  };
  await bus.subscribe('other', marker);
  await vi.waitUntil(async () => {
    await bus.publish('other', { n: -1 });
    return isReached;
  }, PATIENCE);
  await bus.unsubscribe('other', marker);
}
