/**
 * The lines of a file, or of whatever else has a path, as events ready to send. A regular file is read twice: to its
 * last line to find mistakes, then to send. Anything else (standard input, a pipe, a device) can be read only once,
 * so it is sent as it comes.
 */
import { createHash } from 'node:crypto';
import { constants, createReadStream, open } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';
import { promisify } from 'node:util';
import { BadInputError } from '../domain/errors.ts';
import { LineError, splitLines } from '../util/split-lines.ts';
import { createEventLineParser } from './event-lines.ts';
import { CliError, EXIT } from './exit.ts';
import type { CliIo } from './io.ts';
import { toOutgoing, type OutgoingEvent } from './send-events.ts';

export interface EventSourceOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** For every line, whatever it says itself. */
  readonly taskId?: string | undefined;
}

export interface EventSource {
  /** Known of what was checked before. */
  readonly total?: number;
  readonly events: AsyncIterable<OutgoingEvent>;
}

/** A line of 32 KiB of details, with every character escaped, is far below it. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Throws CliError, and so do its events; an interrupt ends them with an error of its own. */
export async function openEventSource(options: EventSourceOptions, io: CliIo): Promise<EventSource> {
  const { file } = options;
  try {
    const kind = file === '-' ? undefined : await stat(file);
    if (kind?.isFile() !== true) {
      const input = await openOnce(file, kind?.isFIFO() === true, io);
      return { events: readEvents(input, options) };
    }
    const checked = createTally();
    for await (const event of readEvents(createReadStream(file, { signal: io.signal }), options)) checked.add(event);
    return { total: checked.count(), events: readAgain(options, checked, io.signal) };
  } catch (error) {
    throw toFileError(error, file);
  }
}

async function openOnce(file: string, isPipe: boolean, { stdin, signal }: CliIo): Promise<Readable> {
  if (file === '-' || file === '/dev/stdin') return addAbortSignal(signal, stdin);
  if (!isPipe) return createReadStream(file, { signal });
  // Without O_NONBLOCK it opens only when someone writes, and until then no interrupt could end it.
  const fd = await promisify(open)(file, constants.O_RDONLY | constants.O_NONBLOCK);
  return addAbortSignal(signal, new Socket({ fd, readable: true, writable: false }));
}

async function* readEvents(
  input: Readable,
  { file, taskId }: EventSourceOptions,
): AsyncGenerator<OutgoingEvent, void, void> {
  const parser = createEventLineParser(taskId);
  try {
    for await (const { number, text } of splitLines(input, MAX_LINE_BYTES)) {
      // A file that a Windows editor saved begins with a byte order mark.
      const line = (number === 1 ? text.replace(/^\u{feff}/u, '') : text).trim();
      if (line === '') continue;
      yield { ...toOutgoing(parseLine(parser, line, number)), lineNumber: number };
    }
  } catch (error) {
    throw toFileError(error, file);
  }
}

/** What was not checked is not sent, and a file that has lost lines since is not sent as if it were whole. */
async function* readAgain(
  options: EventSourceOptions,
  checked: Tally,
  signal: AbortSignal,
): AsyncGenerator<OutgoingEvent, void, void> {
  const again = createTally();
  const changed = (): CliError => new CliError(EXIT.badData, `${options.file} changed while it was read`);
  for await (const event of readEvents(createReadStream(options.file, { signal }), options)) {
    if (again.add(event) > checked.count()) throw changed();
    yield event;
  }
  if (again.digest() !== checked.digest()) throw changed();
}

interface Tally {
  /** @returns how many there are now. */
  add(event: OutgoingEvent): number;
  count(): number;
  /** Of all that was added, in order. */
  digest(): string;
}

function createTally(): Tally {
  const sum = createHash('sha256');
  let count = 0;
  return {
    add({ input }) {
      sum.update(`${JSON.stringify(input)}\n`);
      return (count += 1);
    },
    count: () => count,
    digest: () => sum.copy().digest('hex'),
  };
}

function parseLine(parser: ReturnType<typeof createEventLineParser>, line: string, number: number) {
  try {
    return parser.parse(line);
  } catch (error) {
    if (error instanceof BadInputError) throw new LineError(number, error.message);
    throw error;
  }
}

function toFileError(error: unknown, file: string): unknown {
  if (error instanceof LineError) {
    return new CliError(EXIT.badData, `line ${error.lineNumber}: ${error.message}`, { cause: error });
  }
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return new CliError(EXIT.badData, `cannot read ${file}: ${String(error.code)}`, { cause: error });
  }
  return error;
}
