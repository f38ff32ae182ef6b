/**
 * How long faults last and how much is emitted: enough to find what is broken by default, and as much as was promised
 * with DRUMLINE_TEST_FULL=1.
 */
import { env } from 'node:process';

const isFull = env['DRUMLINE_TEST_FULL'] === '1';

export function sized<Size>({ usual, full }: { readonly usual: Size; readonly full: Size }): Size {
  return isFull ? full : usual;
}
