/** When a silent peer is dead: by what lies before the ping that it has not answered, on a clock of the test's own. */
import { expect, test } from 'vitest';
import { Liveness } from '../../src/server/liveness.ts';

const SECOND = 1_000;
const MIB = 1024 * 1024;

type Step =
  /** So much is handed over for the peer. */
  | { readonly writes: number }
  /** The peer says something that is no pong. */
  | 'speaks'
  /** The peer answers the oldest ping that it has not answered. */
  | 'answers'
  /** The peer sends a pong that nobody asked for. */
  | { readonly pong: string }
  /** Beats come every 12 s. */
  | { readonly beat: 'asks' | 'wait' | 'dead'; readonly late?: boolean; readonly afterMs?: number };

const asks = { beat: 'asks' } as const;
const waits = { beat: 'wait' } as const;
const dies = { beat: 'dead' } as const;

const CASES: readonly (readonly [string, readonly Step[]])[] = [
  ['one that answers each ping lives', [asks, 'answers', asks, 'answers', asks, 'answers', asks]],
  ['one that says anything lives', [asks, 'speaks', asks, 'speaks', asks]],
  ['one that never answers is dead at the next beat', [asks, dies]],
  ['one that answered once and then no more is dead', [asks, 'answers', asks, dies]],
  ['silence while the process was blocked proves nothing', [asks, { beat: 'asks', late: true }, dies]],
  ['but what lies before the ping is still waited for then', [{ writes: MIB }, asks, { beat: 'wait', late: true }]],
  // 1 MiB at 32 KiB/s are 32 s.
  ['1 MiB before the ping is given 32 s', [{ writes: MIB }, asks, waits, waits, dies]],
  ['what is written behind the ping gives nothing', [{ writes: 1 }, asks, { writes: 9 * MIB }, dies]],
  ['and is given time by the next ping', [asks, { writes: MIB }, 'answers', asks, waits, waits, dies]],
  ['once it has arrived it gives no more time', [{ writes: 9 * MIB }, asks, waits, 'answers', asks, dies]],
  [
    'one that speaks has not therefore got what is on its way',
    [{ writes: MIB }, asks, 'speaks', asks, waits, waits, dies],
  ],
  [
    'the answer to a ping says nothing of what was written behind it',
    [asks, 'speaks', { writes: MIB }, asks, 'answers', asks, waits, waits, dies],
  ],
  [
    'each answer says how far the peer is',
    [{ writes: MIB }, asks, 'speaks', { writes: MIB }, asks, 'answers', asks, waits, waits, dies],
  ],
  [
    'a pong that nobody asked for is a word and no more',
    [{ writes: MIB }, asks, { pong: 'x' }, asks, waits, waits, dies],
  ],
  ['nor can it claim what was not sent', [{ pong: '99999999999' }, { writes: MIB }, asks, waits, waits, dies]],
  ['nor take back what has arrived', [{ writes: MIB }, asks, 'answers', { pong: '0' }, asks, dies]],
  ['exactly in time is still in time', [{ writes: 32 * 13 * SECOND }, asks, { ...waits, afterMs: 12_999 }]],
  ['and exactly out of time is out of time', [{ writes: 32 * 13 * SECOND }, asks, { ...dies, afterMs: 13_000 }]],
];

test.each(CASES)('%s', (_what, steps) => {
  let now = 0;
  let bytes = 500;
  const pings: string[] = [];
  const liveness = new Liveness(
    () => bytes,
    () => now,
  );
  const verdicts: string[] = [];
  for (const step of steps) {
    if (step === 'speaks') liveness.heard();
    else if (step === 'answers') liveness.answered(pings.shift() ?? '');
    else if ('pong' in step) liveness.answered(step.pong);
    else if ('writes' in step) bytes += step.writes;
    else {
      now += step.afterMs ?? 12 * SECOND;
      const verdict = liveness.beat(step.late ?? false);
      if (typeof verdict === 'object') pings.push(verdict.ping);
      verdicts.push(typeof verdict === 'object' ? 'asks' : verdict);
    }
  }
  expect(verdicts).toEqual(steps.flatMap((step) => (typeof step === 'object' && 'beat' in step ? [step.beat] : [])));
});
