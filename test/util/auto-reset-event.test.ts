import { expect, test } from 'vitest';
import { createAutoResetEvent } from '../../src/util/auto-reset-event.ts';
import { settlesWithin } from '../support/wait-for.ts';

const SOON = { withinMs: 2_000, what: 'the wait to end' };

test('any number of sets before a wait end one wait, and the next one waits again', async () => {
  const event = createAutoResetEvent(new AbortController().signal);
  event.set();
  event.set();
  await settlesWithin(event.wait(), SOON);
  let ended = false;
  const second = event.wait().then(() => (ended = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended).toBe(false);
  event.set();
  await settlesWithin(second, SOON);
});

test('a set during a wait ends it', async () => {
  const event = createAutoResetEvent(new AbortController().signal);
  const waiting = event.wait();
  event.set();
  event.set();
  await settlesWithin(waiting, SOON);
});

test('a set between the end of a wait and the next wait is not lost', async () => {
  const event = createAutoResetEvent(new AbortController().signal);
  const waiting = event.wait();
  event.set();
  await waiting;
  event.set();
  await settlesWithin(event.wait(), SOON);
});

test('a wait with a timeout ends by itself, also one of 0 ms', async () => {
  const event = createAutoResetEvent(new AbortController().signal);
  await settlesWithin(event.wait(1), SOON);
  await settlesWithin(event.wait(0), SOON);
});

test('no wait outlives its owner: an aborted signal ends this wait and all later ones', async () => {
  const owner = new AbortController();
  const event = createAutoResetEvent(owner.signal);
  const waiting = event.wait();
  owner.abort();
  await settlesWithin(waiting, SOON);
  await settlesWithin(event.wait(), SOON);
  await settlesWithin(event.wait(), SOON);
});
