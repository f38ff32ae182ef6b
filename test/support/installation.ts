/**
 * Two servers' managers over one log, each with a bus of its own: what several Drumlines over one database are. A test
 * does something to what lies between them, and every watcher of both must have every event once and in order.
 */
import { expect } from 'vitest';
import type { DrumlineTopics, EventBus } from '../../src/bus/event-bus.ts';
import { openMemoryLog } from '../../src/log/memory-log.ts';
import { createEventManager, type EventManager } from '../../src/manager/event-manager.ts';
import { event, TASK } from '../manager/bench.ts';
import { waitFor } from './wait-for.ts';

export interface Member {
  readonly manager: EventManager;
  readonly bus: EventBus<DrumlineTopics>;
  /** The sequences that its watcher was given. */
  readonly seen: readonly number[];
}

export interface Installation extends AsyncDisposable {
  readonly members: readonly [Member, Member];
  /** One event, on the first or the second server. */
  emit(member: 0 | 1): Promise<void>;
  /** From one event's record on the first server until the second's watcher has it, milliseconds. */
  delayMs(): Promise<number>;
  /** Both emit a hundred times a second while `fault` runs; then both watchers have all, each once, in order. */
  staysExactDuring(fault: () => Promise<unknown>): Promise<void>;
}

export interface InstallationOptions {
  readonly openBus: () => Promise<EventBus<DrumlineTopics>>;
  readonly catchUpMs?: number;
}

export async function openInstallation({ openBus, catchUpMs = 2_000 }: InstallationOptions): Promise<Installation> {
  const stack = new AsyncDisposableStack();
  const log = stack.use(openMemoryLog());
  let emitted = 0;

  async function join(): Promise<Member> {
    const bus = stack.use(await openBus());
    const manager = stack.use(createEventManager({ log, bus, catchUpMs }));
    const seen: number[] = [];
    await manager.subscribe(TASK, ({ seq }) => void seen.push(seq));
    return { manager, bus, seen };
  }

  const members = [await join(), await join()] as const;
  const everybodyHas = (count: number): boolean => members.every(({ seen }) => seen.length >= count);
  const emit = async (member: 0 | 1): Promise<void> => {
    emitted += 1;
    await members[member].manager.emit(event());
  };
  const expectExact = (): void => {
    const all = Array.from({ length: emitted }, (_, index) => index + 1);
    for (const { seen } of members) expect(seen).toEqual(all);
  };

  return {
    members,
    emit,
    async delayMs() {
      await emit(0);
      const start = performance.now();
      const wanted = emitted;
      await waitFor(() => members[1].seen.length >= wanted, { withinMs: 10_000, what: 'the event', pollMs: 1 });
      expectExact();
      return performance.now() - start;
    },
    async staysExactDuring(fault) {
      let isOver = false;
      const running = fault().finally(() => (isOver = true));
      await waitFor(
        async () => {
          await emit(0);
          await emit(1);
          return isOver;
        },
        { withinMs: 60_000, what: 'the fault to be over', pollMs: 20 },
      );
      await running;
      await waitFor(() => everybodyHas(emitted), { withinMs: 10_000, what: 'all events' });
      expectExact();
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
