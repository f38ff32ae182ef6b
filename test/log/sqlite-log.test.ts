/** The log in SQLite passes the suite of the contract, and keeps what it acknowledged when it is opened again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { testEventLog, type LogOptions } from '../../src/conformance/event-log-suite.ts';

const directory = mkdtempSync(join(tmpdir(), 'drumline-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const paths = new WeakMap<EventLog, string>();
let count = 0;

async function openAt(path: string, options: LogOptions): Promise<EventLog> {
  const log = await openSqliteLog({ ...options, path });
  paths.set(log, path);
  return log;
}

testEventLog({
  name: 'sqlite log',
  traits: { durable: 'power', exclusive: true },
  open: (options) => {
    count += 1;
    return openAt(join(directory, `${count}.db`), options);
  },
  reopen: (log, options) => openAt(paths.get(log) ?? '', options),
  clock: 'given',
});
