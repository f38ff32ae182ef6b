/**
 * Numbers of many events, column by column and in chunks: filled from anywhere, let go from the front, without an
 * object for each.
 */

/** One event as it is kept; `component`, `type` and `stage` are places in tables of names. */
export interface Beat {
  readonly sequence: number;
  /** Milliseconds since 1970: when it counts as having happened, as in the fold. */
  readonly timeMs: number;
  readonly component: number;
  readonly type: number;
  readonly stage: number;
}

export interface Columns {
  /** Returns whether it was new. */
  set(beat: Beat): boolean;
  has(sequence: number): boolean;
  /** NaN for one that is not known. */
  timeOf(sequence: number): number;
  get(sequence: number): Beat | undefined;
  /** In order. The beat is the same object each time, and good for that visit alone. */
  each(visit: (beat: Beat) => void, from: number): void;
  /** The nearest sequence before or at this one that is not known; maybe 0, which no event has. */
  unknownAtOrBefore(sequence: number): number;
  /** What is below the first whole chunk that begins there. */
  forgetBelow(sequence: number): void;
  clear(): void;
  readonly size: number;
}

interface Chunk {
  /** NaN: not known. */
  readonly times: Float64Array;
  readonly components: Uint32Array;
  readonly types: Uint8Array;
  readonly stages: Uint8Array;
  known: number;
}

const CHUNK = 1_024;

export function createColumns(): Columns {
  const chunks = new Map<number, Chunk>();
  let size = 0;
  const chunkAt = (sequence: number): Chunk | undefined => chunks.get(Math.floor(sequence / CHUNK));
  const timeOf = (sequence: number): number => chunkAt(sequence)?.times[sequence % CHUNK] ?? NaN;

  function makeChunk(sequence: number): Chunk {
    const made: Chunk = {
      times: new Float64Array(CHUNK).fill(NaN),
      components: new Uint32Array(CHUNK),
      types: new Uint8Array(CHUNK),
      stages: new Uint8Array(CHUNK),
      known: 0,
    };
    chunks.set(Math.floor(sequence / CHUNK), made);
    return made;
  }

  return {
    set({ sequence, timeMs, component, type, stage }) {
      const chunk = chunkAt(sequence) ?? makeChunk(sequence);
      const at = sequence % CHUNK;
      if (!Number.isNaN(chunk.times[at])) return false;
      chunk.times[at] = timeMs;
      chunk.components[at] = component;
      chunk.types[at] = type;
      chunk.stages[at] = stage;
      chunk.known += 1;
      size += 1;
      return true;
    },
    has: (sequence) => !Number.isNaN(timeOf(sequence)),
    timeOf,
    get(sequence) {
      const chunk = chunkAt(sequence);
      if (chunk === undefined || Number.isNaN(timeOf(sequence))) return undefined;
      return read(chunk, sequence);
    },
    each(visit, from) {
      const beat = { sequence: 0, timeMs: 0, component: 0, type: 0, stage: 0 };
      // Older chunks may have come after newer ones.
      for (const number of [...chunks.keys()].toSorted((a, b) => a - b)) {
        const chunk = chunks.get(number);
        const base = number * CHUNK;
        if (chunk === undefined || base + CHUNK <= from) continue;
        for (let at = Math.max(0, from - base); at < CHUNK; at += 1) {
          const timeMs = chunk.times[at] ?? NaN;
          if (Number.isNaN(timeMs)) continue;
          beat.sequence = base + at;
          beat.timeMs = timeMs;
          beat.component = chunk.components[at] ?? 0;
          beat.type = chunk.types[at] ?? 0;
          beat.stage = chunk.stages[at] ?? 0;
          visit(beat);
        }
      }
    },
    unknownAtOrBefore(sequence) {
      let at = sequence;
      while (at > 0 && !Number.isNaN(timeOf(at))) {
        // Whole chunks are stepped over.
        at -= chunkAt(at)?.known === CHUNK ? (at % CHUNK) + 1 : 1;
      }
      return Math.max(0, at);
    },
    forgetBelow(sequence) {
      for (const [number, { known }] of chunks) {
        if ((number + 1) * CHUNK > sequence) continue;
        size -= known;
        chunks.delete(number);
      }
    },
    clear() {
      chunks.clear();
      size = 0;
    },
    get size() {
      return size;
    },
  };
}

function read(chunk: Chunk, sequence: number): Beat {
  const at = sequence % CHUNK;
  return {
    sequence,
    timeMs: chunk.times[at] ?? NaN,
    component: chunk.components[at] ?? 0,
    type: chunk.types[at] ?? 0,
    stage: chunk.stages[at] ?? 0,
  };
}
