/** The table that people read and the figures that it was made from. */
import { cpus, release, type } from 'node:os';
import type { EntryResult, RowResult } from './measure.ts';
import type { Entry, Row } from './row.ts';
import { spreadOf, type Spread } from './stats.ts';

export function toMarkdown(results: readonly RowResult[]): string {
  const header = ['Row', 'Server', 'Median (min–max)', 'Unit', '× yardstick', '× ours', 'Also'];
  const lines = results.flatMap(({ row, entries }) => entries.map((result) => toCells(row, entries, result)));
  const table = [header, header.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${machineLine()}\n\n${table}`;
}

export function toJson(results: readonly RowResult[]): string {
  const rows = results.map(({ row, entries }) => ({
    name: row.name,
    title: row.title,
    metric: row.metric,
    unit: row.unit,
    better: row.better,
    entries: entries.map((result) => {
      const entry = entryOf(row, result.label);
      return {
        ...result,
        ...(result.repeats.length === 0 ? {} : { figure: figureOf(row, result) }),
        toYardstick: compare(row, entries, { result, other: entry?.yardstick }),
        toOurs: compare(row, entries, { result, other: entry?.ours }),
      };
    }),
  }));
  return JSON.stringify({ machine: machine(), rows }, undefined, 1);
}

export interface Comparison {
  readonly other: string;
  /** Of the medians. Above 1 it is worse than the other, whichever way the unit goes. */
  readonly ratio: number;
  /** Of the same repeats. */
  readonly pairwise: Spread;
}

interface Pair {
  readonly result: EntryResult;
  readonly other: string | undefined;
}

function compare(row: Row, entries: readonly EntryResult[], { result, other }: Pair): Comparison | undefined {
  const against = entries.find(({ label }) => label === other);
  if (against === undefined || against === result) return undefined;
  const [own, theirs] = [valuesOf(row, result), valuesOf(row, against)];
  const count = Math.min(own.length, theirs.length);
  if (count === 0) return undefined;
  const worse = (a: number, b: number): number => (row.better === 'lower' ? a / b : b / a);
  return {
    other: against.label,
    ratio: worse(spreadOf(own).median, spreadOf(theirs).median),
    pairwise: spreadOf(own.slice(0, count).map((value, index) => worse(value, theirs[index] ?? Number.NaN))),
  };
}

function toCells(row: Row, entries: readonly EntryResult[], result: EntryResult): readonly string[] {
  const entry = entryOf(row, result.label);
  const end = result.failure === undefined ? result.died : `**FAILED**: ${result.failure}`;
  const figure = result.repeats.length === 0 ? undefined : showSpread(figureOf(row, result));
  return [
    row.name,
    result.label,
    [figure, end]
      .filter((part) => part !== undefined)
      .join('; ')
      .replaceAll('|', '\\|'),
    row.unit,
    showComparison(compare(row, entries, { result, other: entry?.yardstick })),
    showComparison(compare(row, entries, { result, other: entry?.ours })),
    Object.entries(row.also ?? {})
      .filter(([metric]) => result.repeats.some((metrics) => metrics[metric] !== undefined))
      .map(([metric, unit]) => `${show(spreadOf(valuesOf({ metric }, result)).median)} ${unit}`)
      .join(', '),
  ];
}

function figureOf(row: Row, result: EntryResult): Spread {
  return spreadOf(valuesOf(row, result));
}

function valuesOf({ metric }: Pick<Row, 'metric'>, { repeats }: EntryResult): readonly number[] {
  return repeats.flatMap((metrics) => metrics[metric] ?? []);
}

function entryOf(row: Row, label: string): Entry | undefined {
  return row.entries.find((entry) => entry.label === label);
}

function showComparison(comparison: Comparison | undefined): string {
  if (comparison === undefined) return '';
  const { ratio, pairwise } = comparison;
  if (pairwise.min === pairwise.max) return show(ratio);
  return `${show(ratio)} (pairs ${showSpread(pairwise)})`;
}

function showSpread({ median, min, max }: Spread): string {
  if (min === max) return show(median);
  return `${show(median)} (${show(min)}–${show(max)})`;
}

function show(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

function machine(): { readonly cores: number; readonly node: string; readonly system: string; readonly date: string } {
  return {
    cores: cpus().length,
    node: process.versions.node,
    system: `${type()} ${release().split('.').slice(0, 2).join('.')}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

function machineLine(): string {
  const { cores, node, system, date } = machine();
  return `${date}, ${cores} cores, ${system}, Node ${node}. Above 1 in a × column is worse, whichever way the unit goes.`;
}
