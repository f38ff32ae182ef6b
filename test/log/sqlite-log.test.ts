/** The log in SQLite passes the suite of the contract, and keeps what it acknowledged when it is opened again. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { EventLog } from '../../src/log/event-log.ts';
import { openSqliteLog } from '../../src/log/sqlite-log.ts';
import { testEventLog } from '../../src/conformance/event-log-suite.ts';

const root = mkdtempSync(join(tmpdir(), 'drumline-sqlite-'));
const pathOf = new WeakMap<EventLog, string>();
let opened = 0;

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function openAt(
  path: string,
  options: Parameters<typeof testEventLog>[0]['open'] extends (o: infer O) => unknown ? O : never,
): Promise<EventLog> {
  const log = await openSqliteLog({ ...options, path });
  pathOf.set(log, path);
  return log;
}

testEventLog({
  name: 'sqlite log',
  traits: { durable: 'power', exclusive: true },
  open: (options) => {
    opened += 1;
    return openAt(join(root, `${opened}.db`), options);
  },
  reopen: (log, options) => openAt(pathOf.get(log) ?? '', options),
  clock: 'given',
});
