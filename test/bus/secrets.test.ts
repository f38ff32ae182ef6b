/** What is said of a server never holds its password. */
import { expect, test } from 'vitest';
import { withoutPassword } from '../../src/bus/secrets.ts';

test.each([
  ['redis://:hunter2@redis/', 'AUTH hunter2 failed', 'AUTH *** failed'],
  ['postgres://me:hun%2Fter@db/x', 'for hun/ter at postgres://me:hun%2Fter@db/x', 'for *** at postgres://me:***@db/x'],
  ['redis://redis/', 'Connection reset', 'Connection reset'],
  ['not a URL', 'Invalid URL', 'Invalid URL'],
  ['redis://:%@redis/', 'no % at all', 'no *** at all'],
])('%s: %s', (url, text, shown) => {
  expect(withoutPassword(text, url)).toBe(shown);
});
