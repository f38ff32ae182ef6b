/**
 * A program of the tests: a process that owns a store. `hold` opens it and waits; `append` appends one event after the
 * other, to a few tasks at once, and says each that was acknowledged, or refused, before it goes on; `append-one` does
 * so with one at a time.
 */
import { writeSync } from 'node:fs';
import { argv, stdin } from 'node:process';
import type { NewEvent } from '../../src/domain/event.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';

const [, , mode = '', path = '', prefix = ''] = argv;

function say(line: string): void {
  // At once and whole: what is said was acknowledged, whatever happens to this process next.
  writeSync(1, `${line}\n`);
}

function event(number: number): NewEvent {
  return {
    taskId: `task-${number % 5}`,
    eventId: `${prefix}-${number}`,
    eventType: 'progress_update',
    component: `worker-${number % 3}`,
    stage: 'analysis',
    message: `step ${number}`,
    progress: (number % 10) / 10,
  };
}

try {
  const log = await openSqliteLog({ path, snapshotEvery: 10, onWarning: (message) => say(`warning ${message}`) });
  say('open');
  const over = new AbortController();
  stdin.on('end', () => over.abort()).resume();
  if (mode === 'hold') {
    await new Promise((resolve) => stdin.on('close', resolve));
  } else {
    let last = 0;
    const appendOn = async (): Promise<void> => {
      while (!over.signal.aborted) {
        last += 1;
        const sent = event(last);
        try {
          const [result] = await log.append([sent]);
          say(`stored ${sent.taskId} ${result?.event.seq} ${sent.eventId} ${result?.event.hash}`);
        } catch (error) {
          const { code, outcome } = error as { code?: string; outcome?: string };
          say(`refused ${sent.taskId} ${sent.eventId} ${code} ${outcome}`);
          const isReady = await log.ready().then(
            () => true,
            () => false,
          );
          say(`ready ${isReady}`);
        }
      }
    };
    await Promise.all(Array.from({ length: mode === 'append' ? 8 : 1 }, appendOn));
  }
  await log[Symbol.asyncDispose]();
  say('closed');
} catch (error) {
  say(`failed ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`);
}
