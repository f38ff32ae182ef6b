/** What is done to the server's process: it is ended, paused, given too little memory, or told another time. */
import { setTimeout as delay } from 'node:timers/promises';
import { clockIsOffBy, createFakeClock } from '../support/fake-clock.ts';
import { progressEvent } from '../support/producers.ts';
import { systemProgram } from '../support/system-program.ts';
import { lasting, type Fault } from './fault.ts';

const HOUR_S = 3_600;
const HEAP_MB = 40;
/** How long large events are emitted to the one that has so little. */
const BURDEN_MS = 1_500;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'kill -9',
    async inject({ server }, random) {
      await server.kill9();
      await lasting(random, 0, 500);
      await server.restart();
    },
  },
  {
    name: 'SIGTERM, and started again',
    async inject({ server }) {
      await server.sigterm();
      await server.restart();
    },
  },
  {
    name: 'SIGSTOP, then SIGCONT',
    async inject({ server }, random) {
      server.freeze();
      await lasting(random, 500, 3_000);
      server.thaw();
    },
  },
  {
    name: 'killed while it starts',
    async inject({ server }, random) {
      for (let time = 0; time < 2; time += 1) {
        // Before it opened its store, while it looks through it, or after.
        await server.killStart(random.int(0, 600));
      }
      await server.restart();
    },
  },
  {
    name: 'a clock that jumps an hour, forth and back',
    unless: () => (systemProgram('faketime', { debian: 'faketime' }).present ? undefined : 'faketime is not installed'),
    async inject({ server, directory }, random) {
      const clock = createFakeClock(directory);
      await server.restart(clock.env);
      for (const seconds of random.shuffle([HOUR_S, -HOUR_S, 0])) {
        clock.set(seconds);
        await clockIsOffBy(server.origin, seconds);
        await lasting(random, 200, 800);
      }
      await server.restart();
    },
  },
  {
    name: `a heap of ${HEAP_MB} MB, and large events`,
    async inject({ server, emitter, tasks }, random) {
      await server.restart({ NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
      const until = performance.now() + BURDEN_MS;
      const details = { text: 'x'.repeat(30_000) };
      const burden = async (_: unknown, producer: number): Promise<void> => {
        for (let number = 0; performance.now() < until; number += 1) {
          const event = { ...progressEvent(random.pick(tasks), number), details };
          const eventId = `large-${producer}-${number}-${random.int(0, 1e9)}`;
          const { outcome } = await emitter.emit({ ...event, eventId });
          if (outcome !== 'ok') await delay(50);
        }
      };
      await Promise.all(Array.from({ length: 8 }, burden));
      // It may have died of it; what it acknowledged is there all the same.
      await server.restart();
    },
  },
];
