/**
 * Ids for events that came without one: UUIDs of version 7, so that those of a task go up and are found where they were
 * put. Chance is drawn for many at once, for asking the system for it costs more than all the rest; so what makes ids of
 * one millisecond go up, which `uuid` keeps only for those who leave chance to it, is kept here.
 */
import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

const BYTES = 16;
const IDS = 256;

export function createIds(now: () => number = Date.now): () => string {
  const chance = new Uint8Array(BYTES * IDS);
  let used = chance.length;
  let msecs = Number.NEGATIVE_INFINITY;
  let seq = 0;

  return () => {
    if (used === chance.length) {
      randomFillSync(chance);
      used = 0;
    }
    const random = chance.subarray(used, used + BYTES);
    used += BYTES;
    const time = now();
    if (time > msecs) {
      msecs = time;
      // Half of its 32 bits are room to go up in; the rest of the id is chance all the same.
      seq = ((random[0] ?? 0) << 8) | (random[1] ?? 0);
    } else {
      seq += 1;
    }
    return v7({ random, msecs, seq });
  };
}
