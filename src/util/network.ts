/**
 * Whose an address is, for limits that go by it. Whoever is given IPv6 is given a /64 at least and may come from any of
 * its addresses, so those count as one; an IPv4 address is the same however it is written.
 */
import { isIPv6 } from 'node:net';

/** @param address as a socket or a proxy tells it. @returns equal for addresses that count as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const groups = groupsOf(address);
  const [high = 0, low = 0] = groups.slice(6);
  if (isMapped(groups)) return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight of them. */
function groupsOf(address: string): readonly number[] {
  const [withoutZone = ''] = address.split('%');
  // The URL parser writes an IPv4 part as two groups like the others.
  const { hostname } = new URL(`http://[${withoutZone}]`);
  const [before = [], after = []] = hostname
    .slice(1, -1)
    .split('::')
    .map((part) => part.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16)])));
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
}

/** ::ffff:a.b.c.d, as a socket that takes both kinds has IPv4. */
function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
}
