/**
 * A test must not sleep and hope. `waitFor` looks again and again until a condition holds, and fails by itself,
 * naming what it waited for, when the time is up. It always ends, even when the condition itself never answers.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitForOptions {
  readonly withinMs: number;
  /** Completes the sentence "waited 500 ms for …"; a function can tell how things stand by then. */
  readonly what: string | (() => string);
  readonly pollMs?: number;
}

type Truthy<T> = Exclude<T, false | undefined | null | 0 | ''>;

const TIMED_OUT: unique symbol = Symbol('timed out');

/** @returns the first truthy value of `condition`. An error it throws is a failure at once, not a "not yet". */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitForOptions): Promise<Truthy<T>> {
  const { withinMs, pollMs = 3 } = options;
  const overdue = Promise.withResolvers<typeof TIMED_OUT>();
  const timer = setTimeout(() => overdue.resolve(TIMED_OUT), withinMs);
  const deadline = performance.now() + withinMs;
  try {
    for (;;) {
      const value = await Promise.race([condition(), overdue.promise]);
      if (value !== TIMED_OUT && isTruthy(value)) return value;
      if (value === TIMED_OUT || performance.now() >= deadline) throw tooLate(options);
      await delay(pollMs);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** The value of a promise that must settle within a bound. */
export async function settlesWithin<T>(promise: Promise<T>, options: Omit<WaitForOptions, 'pollMs'>): Promise<T> {
  const boxed = promise.then((value) => ({ value }));
  return (await waitFor(() => boxed, options)).value;
}

function tooLate({ withinMs, what }: WaitForOptions): Error {
  return new Error(`waited ${withinMs} ms for ${typeof what === 'string' ? what : what()}`);
}

function isTruthy<T>(value: T): value is Truthy<T> {
  return Boolean(value);
}
