/**
 * The pump against a reader that takes what the test lets it take: what is ready goes out together, nothing is read for
 * a reader that is full, and no stream keeps the event loop to itself.
 */
import { describe, expect, test } from 'vitest';
import { Frame, type Encoder } from '../../src/server/frame.ts';
import { pump, type Outlet } from '../../src/server/pump.ts';
import { PullStream } from '../../src/util/pull-stream.ts';
import { createTurns, type Resumable } from '../../src/util/turns.ts';
import { settlesWithin } from '../support/wait-for.ts';

class Scripted extends PullStream<Frame> {
  pulled = 0;
  releases = 0;
  #texts: string[] = [];
  #end: 'open' | 'over' | Error = 'open';

  protected take(): Frame | undefined {
    const text = this.#texts.shift();
    if (text !== undefined) {
      this.pulled += 1;
      return new Frame(text, undefined);
    }
    if (this.#end instanceof Error) throw this.#end;
    if (this.#end === 'over') this.end();
    return undefined;
  }

  protected release(): void {
    this.releases += 1;
  }

  give(...texts: readonly string[]): void {
    this.#texts.push(...texts);
    this.ready();
  }

  finish(end: 'over' | Error = 'over'): void {
    this.#end = end;
    this.ready();
  }
}

/** Never has nothing to say. */
class Endless extends PullStream<Frame> {
  pulled = 0;

  protected take(): Frame {
    this.pulled += 1;
    return new Frame(`${this.pulled}`, undefined);
  }

  protected release(): void {
    // Holds nothing.
  }
}

interface Reader extends Outlet {
  readonly writes: readonly string[];
  /** Of what is written from now on, nothing more is taken until `drain`. */
  fill(): void;
  drain(): void;
}

function openReader(): Reader {
  const writes: string[] = [];
  let isFull = false;
  let waiting: Resumable[] = [];
  return {
    writes,
    write(bytes) {
      writes.push(bytes);
      return !isFull;
    },
    whenWritable: (writer) => void waiting.push(writer),
    fill: () => void (isFull = true),
    drain() {
      isFull = false;
      const resumed = waiting;
      waiting = [];
      for (const writer of resumed) writer.resume();
    },
  };
}

const encoder: Encoder = { shared: ({ json }) => json, end: ';' };

interface Run {
  readonly stream: Scripted;
  readonly reader: Reader;
  readonly done: Promise<void>;
  /** How it ended, if it did. */
  outcome(): 'runs' | 'over' | Error;
}

/** @param prepare what is there when the pump begins. */
function run(prepare: (stream: Scripted, reader: Reader) => void = () => undefined): Run {
  const stream = new Scripted();
  const reader = openReader();
  prepare(stream, reader);
  let outcome: 'runs' | 'over' | Error = 'runs';
  const done = pump(stream, reader, encoder, createTurns(60_000)).then(
    () => void (outcome = 'over'),
    (error: unknown) => void (outcome = error instanceof Error ? error : new Error('no error')),
  );
  return { stream, reader, done, outcome: () => outcome };
}

test('what is ready goes out in one write, at once and before anything is awaited', () => {
  const { stream, reader } = run((given) => given.give('1', '2', '3'));
  expect(reader.writes).toEqual(['1;2;3;']);
  stream.give('4');
  stream.give('5', '6');
  expect(reader.writes).toEqual(['1;2;3;', '4;', '5;6;']);
});

test('a stream that has nothing to say has nothing written', () => {
  const { stream, reader } = run();
  stream.give();
  expect(reader.writes).toEqual([]);
});

test('a stretch that is long is written in several pieces, each as soon as it is large', () => {
  const { reader } = run((given) => given.give(...Array.from({ length: 10 }, () => 'x'.repeat(5_000))));
  expect(reader.writes.map(({ length }) => length)).toEqual([20_004, 20_004, 10_002]);
});

test('the end comes after what was ready with it', async () => {
  const { stream, reader, done, outcome } = run((given) => {
    given.give('1');
    given.finish();
  });
  await done;
  expect([reader.writes, outcome(), stream.releases]).toEqual([['1;'], 'over', 1]);
});

describe('a reader that is full', () => {
  test('has nothing read for it, whatever comes, and goes on in order once it took what was there', () => {
    const { stream, reader } = run((given, full) => {
      full.fill();
      given.give('1');
    });
    for (const text of ['2', '3', '4']) stream.give(text);
    expect([reader.writes, stream.pulled]).toEqual([['1;'], 1]);
    reader.drain();
    expect([reader.writes, stream.pulled]).toEqual([['1;', '2;3;4;'], 4]);
    stream.give('5');
    expect(reader.writes.at(-1)).toBe('5;');
  });

  test('in the middle of a long stretch stops it there', () => {
    const { stream, reader } = run((given, full) => {
      full.fill();
      given.give(...Array.from({ length: 10 }, () => 'x'.repeat(5_000)));
    });
    expect([reader.writes.length, stream.pulled]).toEqual([1, 4]);
    reader.drain();
    expect([reader.writes.length, stream.pulled]).toEqual([3, 10]);
  });

  test('is told of the end by what comes behind, not before it took what was there', async () => {
    const { stream, reader, done, outcome } = run((given, full) => {
      full.fill();
      given.give('1');
    });
    stream.give('2');
    stream.finish();
    await Promise.resolve();
    expect([outcome(), stream.isOver]).toEqual(['runs', false]);
    reader.drain();
    await done;
    expect([reader.writes, outcome()]).toEqual([['1;', '2;'], 'over']);
  });

  test('is not told of a failure before it was given everything that came before', async () => {
    const { stream, reader, done, outcome } = run((given, full) => {
      full.fill();
      given.give('1');
    });
    stream.give('2');
    stream.finish(new Error('broken'));
    await Promise.resolve();
    expect(outcome()).toBe('runs');
    reader.drain();
    await done;
    expect([reader.writes, outcome()]).toEqual([['1;', '2;'], new Error('broken')]);
  });

  test('may leave: the pump is over at once, and a reader that comes to itself later gets nothing', async () => {
    const { stream, reader, done, outcome } = run((given, full) => {
      full.fill();
      given.give('1');
    });
    stream.give('2');
    await stream.return();
    await settlesWithin(done, { withinMs: 1_000, what: 'the pump to end' });
    reader.drain();
    expect([reader.writes, outcome(), stream.releases]).toEqual([['1;'], 'over', 1]);
  });
});

test('a stream that fails after some frames has them written first', async () => {
  const { reader, stream, done, outcome } = run((given) => {
    given.give('1', '2');
    given.finish(new Error('broken'));
  });
  await done;
  expect([reader.writes, outcome(), stream.releases]).toEqual([['1;2;'], new Error('broken'), 1]);
});

test('leaving a stream that has nothing to say ends the pump', async () => {
  const { stream, done, outcome } = run();
  await stream.return();
  await settlesWithin(done, { withinMs: 1_000, what: 'the pump to end' });
  expect(outcome()).toBe('over');
});

test('streams that never have nothing to say leave the event loop to others, and none of them starves', async () => {
  const turns = createTurns(5);
  const streams = [new Endless(), new Endless(), new Endless()];
  const reader = openReader();
  const pumps = streams.map((stream) => pump(stream, reader, encoder, turns));
  for (let turn = 0; turn < 10; turn += 1) {
    const before = streams.map(({ pulled }) => pulled);
    const since = performance.now();
    // One turn may be too short for all of them: each has its own, in order, and the next round begins behind.
    for (const _stream of [...streams, 'and one more']) await new Promise((resolve) => setImmediate(resolve));
    expect(performance.now() - since).toBeLessThan(1_000);
    expect(streams.map(({ pulled }, index) => pulled > (before[index] ?? 0))).toEqual([true, true, true]);
  }
  await Promise.all(streams.map(async (stream) => stream.return()));
  await settlesWithin(Promise.all(pumps), { withinMs: 1_000, what: 'the pumps to end' });
});

test('one that is left while it waits for its turn is over, and its turn does no harm', async () => {
  const stream = new Endless();
  const reader = openReader();
  const done = pump(stream, reader, encoder, createTurns(0));
  await stream.return();
  await settlesWithin(done, { withinMs: 1_000, what: 'the pump to end' });
  const written = reader.writes.length;
  await new Promise((resolve) => setImmediate(resolve));
  expect(reader.writes.length).toBe(written);
});
