/** Rows as they come from a database, with the types that the schema promises checked: a damaged one can hold anything. */
import type { SQLOutputValue } from 'node:sqlite';
import { StoreCorruptError } from '../../domain/errors.ts';

export type Row = Readonly<Record<string, SQLOutputValue | boolean>>;

export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new StoreCorruptError(`column ${column} holds no text`);
  return value;
}

export function numberOf(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw new StoreCorruptError(`column ${column} holds no number`);
  return value;
}
