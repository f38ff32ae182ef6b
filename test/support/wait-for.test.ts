import { expect, test } from 'vitest';
import { settlesWithin, waitFor } from './wait-for.ts';

test('gives the first truthy value', async () => {
  let looks = 0;
  await expect(waitFor(() => (looks += 1) > 3 && 'seen', { withinMs: 5_000, what: 'a look' })).resolves.toBe('seen');
  expect(looks).toBe(4);
});

test('fails when the time is up, naming what it waited for', async () => {
  await expect(waitFor(() => false, { withinMs: 20, what: 'the moon' })).rejects.toThrow('waited 20 ms for the moon');
  const told = waitFor(() => false, { withinMs: 20, what: () => 'the moon, which is new' });
  await expect(told).rejects.toThrow('waited 20 ms for the moon, which is new');
});

test('ends even when the condition itself never answers', async () => {
  const never = new Promise<boolean>(() => undefined);
  await expect(waitFor(() => never, { withinMs: 20, what: 'never' })).rejects.toThrow('waited 20 ms for never');
});

test('passes the error of a condition on at once', async () => {
  const broken = async (): Promise<boolean> => Promise.reject(new RangeError('broken'));
  await expect(waitFor(broken, { withinMs: 60_000, what: 'nothing' })).rejects.toThrow(RangeError);
});

test('bounds a promise, and gives its value or its error', async () => {
  const options = { withinMs: 20, what: 'it' };
  await expect(settlesWithin(Promise.resolve(0), options)).resolves.toBe(0);
  await expect(settlesWithin(Promise.reject(new RangeError('no')), options)).rejects.toThrow(RangeError);
  await expect(settlesWithin(new Promise(() => undefined), options)).rejects.toThrow('waited 20 ms for it');
});
