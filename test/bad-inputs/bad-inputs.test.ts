/**
 * Every row of the tables is sent to a running server and gets what it says. After each the server is well, nothing was
 * stored but what the row says, nobody missed an error, and no secret was told.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import { COMMAND_ROWS } from './command-rows.ts';
import { DOCUMENT_ROWS } from './document-rows.ts';
import { HTTP_ROWS } from './http-rows.ts';
import { toMarkdown, type Section } from './markdown.ts';
import { OTHER_ROWS, ROW_NUMBERS } from './other-rows.ts';
import type { Outcome, Row } from './row.ts';
import { runCommand } from './run-command.ts';
import { runDocument } from './run-document.ts';
import { runHttp } from './run-http.ts';
import { runStream } from './run-sse.ts';
import { runSocket } from './run-websocket.ts';
import { STREAM_ROWS } from './sse-rows.ts';
import { VALUE_ROWS } from './value-rows.ts';
import { SOCKET_ROWS } from './websocket-rows.ts';
import { CANARIES, openWorld, type World } from './world.ts';

type Run<Sent> = (sent: Sent, server: TestApp, world: World) => Promise<Outcome>;

const outcomes = new Map<Row<unknown>, string>();
const tables: { readonly title: string; readonly rows: readonly Row<unknown>[] }[] = [];

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

check('HTTP', HTTP_ROWS, runHttp);
check('Documents', DOCUMENT_ROWS, runDocument);
check('Values', VALUE_ROWS, runDocument);
check('WebSocket', SOCKET_ROWS, runSocket);
check('Event streams', STREAM_ROWS, runStream);
check('Settings', COMMAND_ROWS, runCommand);

test('no row is left out, and none is there twice', () => {
  const rows = tables.flatMap((table) => table.rows);
  const numbers = new Set([...rows, ...OTHER_ROWS].map(({ row }) => row));
  expect([...numbers].toSorted((one, other) => one - other)).toEqual(ROW_NUMBERS);
  const names = tables.flatMap(({ title, rows: own }) => own.map(({ row, what }) => `${title} ${row} ${what}`));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('no credentials are in the logs', () => {
  const secrets = [CANARIES.secret, CANARIES.password, world.fill('$KEY'), world.fill('$READER'), world.fill('$TOKEN')];
  for (const secret of secrets) expect(world.logged.filter((line) => line.includes(secret))).toEqual([]);
});

test('docs/bad-inputs.md says what was got', async ({ skip }) => {
  const sections = tables.map(({ title, rows }): Section => {
    return { title, rows: rows.map((row) => ({ ...row, got: outcomes.get(row) ?? '' })) };
  });
  const isWhole = sections.every(({ rows }) => rows.every(({ got }) => got !== ''));
  if (!isWhole) skip('not all rows were sent and got their answer');
  await expect(toMarkdown(sections, OTHER_ROWS)).toMatchFileSnapshot('../../docs/bad-inputs.md');
});

function check<Sent>(title: string, rows: readonly Row<Sent>[], run: Run<Sent>): void {
  tables.push({ title, rows });
  describe(`${title}:`, () => {
    for (const row of rows)
      test(`${row.row}: ${row.what}`, { concurrent: row.isSlow ?? false }, () => checkRow(row, run));
  });
}

async function checkRow<Sent>(row: Row<Sent>, run: Run<Sent>): Promise<void> {
  const { sent, expected, instead, to = 'open', stores = 0, isSlow = false } = row;
  const server = await world.server(to);
  const before = await server.stored();
  const { got, seen } = await run(sent, server, world);
  expect(got).toBe(instead?.got ?? expected);
  for (const canary of Object.values(CANARIES)) expect(seen).not.toContain(canary);
  // Others may still be at work on a server of slow rows.
  if (!isSlow) await waitFor(() => isLeft(server), { withinMs: 5_000, what: 'everybody to have left' });
  expect((await server.stored()) - before).toBe(stores);
  expect((await fetch(`${server.origin}/readyz`)).status).toBe(200);
  expect(world.takeTrouble()).toEqual([]);
  outcomes.set(row, got);
}

function isLeft({ app }: TestApp): boolean {
  const { sockets, streams, followers } = app.stats();
  return sockets + streams + followers === 0;
}
