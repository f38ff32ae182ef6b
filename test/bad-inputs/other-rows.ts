/** What the tables do not send, and why; and all numbers that there are, so that none is forgotten. */
import type { OtherRow } from './row.ts';

export const OTHER_ROWS: readonly OtherRow[] = [
  other(30, '`/metrics` where `--metrics` is given', 'it is on an address of its own: `test/server/metrics.test.ts`'),
  other(41, 'limits on documents over WebSocket and SSE', 'every document of these tables goes over all three'),
  other(45, 'ids that would be one when joined', '`test/server/traps.test.ts`, T3: each watcher gets its own task'),
  other(
    54,
    'events of a task that was not granted, or deleted',
    '`test/server/authorisation.test.ts`, `delete-task.test.ts`',
  ),
  other(
    57,
    'the 1,000,001st task',
    'there is no quota on tasks: `--retention-hours` and the limits on emits bound them',
  ),
  other(61, 'credentials in a cookie', 'no cookie is read'),
  other(78, 'an answer that cannot be written as JSON', '`test/server/websocket-bounds.test.ts`'),
  other(81, 'a block of 60 s after too many messages', 'the socket is closed; who comes back is limited again'),
  other(
    82,
    'the 21st operation that is being prepared',
    'ten times `--max-operations-per-socket` is the limit of all operations of a socket',
  ),
  other(83, 'more connections than `--max-connections`', '`test/server/limits.test.ts`: 503'),
  other(85, 'a compressed bomb', 'compression is not negotiated: the first compressed frame is the last'),
  other(89, 'an offer of `h2c`', '`test/server/callers.test.ts`: passed over, and the request answered'),
  other(
    90,
    'a token that expires or is revoked while it streams',
    '`test/server/sessions.test.ts`: the error, then 4403',
  ),
  other(91, 'a peer that answers no ping, or late', '`test/server/traps.test.ts`, T10, and `liveness.test.ts`'),
  other(
    98,
    'a reader that stalls, or is gone without a word',
    '`test/server/traps.test.ts`, T10: cut after `--stall-ms`',
  ),
  other(
    99,
    'the 7th tab of a browser over HTTP/1.1',
    "a limit of browsers: a WebSocket carries a page's streams together",
  ),
  other(
    101,
    'a proxy that buffers',
    '`test/server/sse.test.ts`: `X-Accel-Buffering: no`, a comment at once, heartbeats',
  ),
  other(102, '`--port 0`', 'it takes a free port, as documented'),
  other(
    102,
    'a retention shorter than the longest token',
    'a token says who asks, not from where: the two need not fit',
  ),
  other(
    103,
    'the algorithm `none`, or a secret in the place of a public key',
    'no setting names an algorithm: the kind of key fixes it, `test/auth/tokens.test.ts`',
  ),
  other(
    104,
    'a Redis that is old, forgets or does not write to disk',
    'the bus only says "look again": what is lost there is found by the catch-up',
  ),
  other(
    104,
    'a Postgres with `synchronous_commit` off',
    '`test/log/postgres-open.test.ts`: refused, or `--accept-weaker-durability true`',
  ),
  other(104, 'NATS', 'there is no driver for it'),
  other(105, 'SQLite on a network file system', 'cannot be told reliably: `docs/deploying.md` says not to'),
  other(106, 'CORS with credentials; introspection in production', 'no setting allows either'),
  other(
    107,
    'two servers with other limits over one store',
    'limits change nothing of what is stored; the format of a store is checked: `test/e2e/older-copy.test.ts`',
  ),
];

/** Of HTTP, documents and values, WebSocket, event streams, settings. Those between went away. */
export const ROW_NUMBERS: readonly number[] = [
  [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 17, 18, 19, 21, 22, 23, 24, 25, 27, 28, 29, 30],
  [31, 32, 33, 34, 35, 37, 38, 39, 40, 41, 42, 44, 45, 47, 48, 50, 51, 52, 53, 54, 56, 57, 58],
  [59, 60, 61, 62, 63, 64, 65, 66, 67, 68, 69, 70, 72, 73, 76, 77, 78, 80, 81, 82, 83, 84, 85, 87, 89, 90, 91],
  [93, 95, 97, 98, 99, 100, 101],
  [102, 103, 104, 105, 106, 107],
].flat();

function other(row: number, what: string, because: string): OtherRow {
  return { row, what, because };
}
