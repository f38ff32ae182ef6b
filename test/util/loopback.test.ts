/** Which hosts are this machine: a name that only begins like one is not. */
import { expect, test } from 'vitest';
import { isLoopback } from '../../src/util/loopback.ts';

test.each(['localhost', '127.0.0.1', '127.1', '127.8.9.10', '::1'])('%s is this machine', (host) => {
  expect(isLoopback(host)).toBe(true);
});

test.each(['127.evil.example', '127.0.0.1.evil.example', '1270.0.0.1', '0.0.0.0', '::', '10.0.0.1', 'localhost.x'])(
  '%s is not',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
