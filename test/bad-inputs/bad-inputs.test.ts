/**
 * Every row of the table is sent to a running server and gets what it says. After each the server is well, nothing was
 * stored but what the row says, nobody missed an error, and no secret was told.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestApp } from '../support/app.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Outcome, Row } from './row.ts';
import { COMMAND_ROWS } from './command-rows.ts';
import { DOCUMENT_ROWS } from './document-rows.ts';
import { HTTP_ROWS } from './http-rows.ts';
import { runCommand } from './run-command.ts';
import { runDocument } from './run-document.ts';
import { runHttp } from './run-http.ts';
import { runStream } from './run-sse.ts';
import { runSocket } from './run-websocket.ts';
import { STREAM_ROWS } from './sse-rows.ts';
import { VALUE_ROWS } from './value-rows.ts';
import { SOCKET_ROWS } from './websocket-rows.ts';
import { CANARIES, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
});

function check<Sent>(
  title: string,
  rows: readonly Row<Sent>[],
  run: (sent: Sent, server: TestApp, world: World) => Promise<Outcome>,
): void {
  describe(`${title}:`, () => {
    for (const row of rows)
      test(`${row.row}: ${row.what}`, { concurrent: row.isSlow ?? false }, () => checkRow(row, run));
  });
}

async function checkRow<Sent>(
  { sent, expected, instead, to = 'open', stores = 0, isSlow = false }: Row<Sent>,
  run: (sent: Sent, server: TestApp, world: World) => Promise<Outcome>,
): Promise<void> {
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
}

function isLeft({ app }: TestApp): boolean {
  const { sockets, streams, followers } = app.stats();
  return sockets + streams + followers === 0;
}

check('HTTP', HTTP_ROWS, runHttp);
check('Documents', DOCUMENT_ROWS, runDocument);
check('Values', VALUE_ROWS, runDocument);
check('WebSocket', SOCKET_ROWS, runSocket);
check('Event streams', STREAM_ROWS, runStream);
check('Settings', COMMAND_ROWS, runCommand);
