/**
 * Where the bits of a store are: its pages by what they hold, read from the file format itself
 * (https://www.sqlite.org/fileformat2.html), so that a test can damage one kind of place at a time.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Random } from '../support/random.ts';

/** One bit of one of the store's files; without `bit`, all that comes after. */
export interface Place {
  readonly file: '' | '-wal';
  readonly offset: number;
  readonly bit?: number;
}

export type PickPlace = (random: Random) => Place;

const PAGE = 4_096;
const WAL_HEADER = 32;
const FRAME_HEADER = 24;
const FRAME = FRAME_HEADER + PAGE;
const FILE_HEADER = 100;

export interface DatabasePages {
  /** The used bytes of the leaf pages of a table, where its rows are. */
  readonly rows: (table: string) => PickPlace;
  /** Those of any index, or of one. */
  readonly index: (name?: string) => PickPlace;
  /** Pages that lead to others. */
  readonly interior: PickPlace;
  readonly freelist: PickPlace;
  /** The file's header, and the table of tables after it. */
  readonly firstPage: PickPlace;
  readonly pageCount: number;
}

export function readPages(path: string): DatabasePages {
  const bytes = readFileSync(path);
  using db = new DatabaseSync(path, { readOnly: true });
  const pages = db
    .prepare(
      `SELECT s.pageno, s.pagetype, m.name, m.type FROM dbstat AS s JOIN sqlite_schema AS m ON m.name = s.name
       WHERE s.pageno > 1`,
    )
    .all()
    .map((row) => ({ page: Number(row['pageno']), kind: row['pagetype'], name: row['name'], type: row['type'] }));
  const pick =
    (chosen: typeof pages): PickPlace =>
    (random) =>
      usedPlace(bytes, random.pick(chosen).page, random);
  const free = freePages(bytes);
  return {
    rows: (table) => pick(pages.filter(({ name, kind }) => name === table && kind !== 'internal')),
    index: (index) =>
      pick(pages.filter(({ name, type }) => type === 'index' && (index === undefined || name === index))),
    interior: pick(pages.filter(({ kind, type }) => kind === 'internal' && type === 'table')),
    freelist: (random) => placeIn(random.pick(free), random),
    firstPage: (random) =>
      random.next() < 0.5 ? place('', random.int(0, FILE_HEADER - 1), random) : usedPlace(bytes, 1, random),
    pageCount: bytes.length / PAGE,
  };
}

export interface WalPlaces {
  readonly header: PickPlace;
  readonly frameHeader: PickPlace;
  readonly frame: PickPlace;
  /** The last frame, which commits. */
  readonly tail: PickPlace;
  readonly frameCount: number;
}

export function readWal(path: string): WalPlaces {
  const frameCount = (readFileSync(path).length - WAL_HEADER) / FRAME;
  const inFrame = (frame: number, from: number, to: number, random: Random): Place =>
    place('-wal', WAL_HEADER + frame * FRAME + random.int(from, to), random);
  return {
    header: (random) => place('-wal', random.int(0, WAL_HEADER - 1), random),
    frameHeader: (random) => inFrame(random.int(0, frameCount - 2), 0, FRAME_HEADER - 1, random),
    frame: (random) => inFrame(random.int(0, frameCount - 2), FRAME_HEADER, FRAME - 1, random),
    tail: (random) => inFrame(frameCount - 1, 0, FRAME - 1, random),
    frameCount,
  };
}

/** Anywhere in a file of that length: what comes after it is cut off. */
export function cut(file: Place['file'], path: string): PickPlace {
  const { length } = readFileSync(`${path}${file}`);
  return (random) => ({ file, offset: random.int(1, length - 1) });
}

/** Flips that bit, or cuts the rest off. */
export function damage(bytes: Buffer, { offset, bit }: Place): Buffer {
  if (bit === undefined) return bytes.subarray(0, offset);
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(offset) ^ (1 << bit), offset);
  return flipped;
}

/** A page of a b-tree: its header and cell pointers at the start, its cells at the end, nothing in between. */
function usedPlace(bytes: Buffer, page: number, random: Random): Place {
  const start = (page - 1) * PAGE;
  const header = page === 1 ? FILE_HEADER : 0;
  const kind = bytes.readUInt8(start + header);
  const isTree = [2, 5, 10, 13].includes(kind);
  // An overflow page is a part of one row.
  if (!isTree) return placeIn(page, random);
  const headerLength = kind < 10 ? 12 : 8;
  const pointersEnd = header + headerLength + 2 * bytes.readUInt16BE(start + header + 3);
  const cellsStart = bytes.readUInt16BE(start + header + 5);
  const chosen = random.int(header, pointersEnd - 1 + (PAGE - cellsStart));
  return place('', start + (chosen < pointersEnd ? chosen : cellsStart + (chosen - pointersEnd)), random);
}

function placeIn(page: number, random: Random): Place {
  return place('', (page - 1) * PAGE + random.int(0, PAGE - 1), random);
}

function place(file: Place['file'], offset: number, random: Random): Place {
  return { file, offset, bit: random.int(0, 7) };
}

/** The chain of trunk pages, each with the numbers of the leaves it keeps; trunks count as often as all leaves. */
function freePages(bytes: Buffer): readonly number[] {
  const trunks: number[] = [];
  const leaves: number[] = [];
  for (let trunk = bytes.readUInt32BE(32); trunk !== 0; trunk = bytes.readUInt32BE((trunk - 1) * PAGE)) {
    trunks.push(trunk);
    const count = bytes.readUInt32BE((trunk - 1) * PAGE + 4);
    for (let leaf = 0; leaf < count; leaf += 1) leaves.push(bytes.readUInt32BE((trunk - 1) * PAGE + 8 + 4 * leaf));
  }
  return [...leaves, ...leaves.map((_, index) => trunks[index % trunks.length] ?? 1)];
}
