/** All rows, in the order in which they are measured and shown. */
import type { Row, Scale } from '../lib/row.ts';
import { emitRows } from './emit.ts';
import { fanoutRows } from './fanout.ts';

export function allRows(scale: Scale): readonly Row[] {
  return [fanoutRows, emitRows].flatMap((rows) => rows(scale));
}
