/** All rows, in the order in which they are measured and shown. */
import type { Row, Scale } from '../lib/row.ts';
import { emitRows } from './emit.ts';
import { fanoutRows } from './fanout.ts';
import { growthRows } from './growth.ts';
import { hardshipRows } from './hardship.ts';
import { latencyRows } from './latency.ts';
import { securityRows } from './security.ts';
import { storeRows } from './stores.ts';

export function allRows(scale: Scale): readonly Row[] {
  return [fanoutRows, emitRows, latencyRows, securityRows, growthRows, hardshipRows, storeRows].flatMap((rows) =>
    rows(scale),
  );
}
