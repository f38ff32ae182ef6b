import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createHeartbeat, WriteWatch, type BeatingStream } from '../../src/server/heartbeat.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

interface Noted extends BeatingStream {
  readonly beats: readonly boolean[];
  readonly stalls: () => number;
}

function createStream(waitingSince: () => number | undefined = () => undefined): Noted {
  const beats: boolean[] = [];
  let stalls = 0;
  return {
    beats,
    stalls: () => stalls,
    beat: (late) => void beats.push(late),
    get waitingSince() {
      return waitingSince();
    },
    stalled: () => (stalls += 1),
  };
}

describe('a heartbeat', () => {
  test('beats for every stream once in keepAliveMs, and not for one that left', () => {
    using heartbeat = createHeartbeat({ keepAliveMs: 1_000, stallMs: 30_000 });
    const [stays, leaves] = [createStream(), createStream()];
    heartbeat.add(stays);
    const leaving = heartbeat.add(leaves);
    vi.advanceTimersByTime(3_000);
    leaving[Symbol.dispose]();
    vi.advanceTimersByTime(2_000);
    expect([stays.beats.length, leaves.beats.length, heartbeat.streamCount]).toEqual([5, 3, 1]);
    expect(stays.stalls()).toBe(0);
  });

  test('beats in time with the settings that a server has by default: a dead peer is found by the second', () => {
    using heartbeat = createHeartbeat({ keepAliveMs: 12_000, stallMs: 30_000 });
    const stream = createStream();
    heartbeat.add(stream);
    vi.advanceTimersByTime(24_500);
    expect(stream.beats).toEqual([false, false]);
  });

  test('finds a reader that took nothing for stallMs, within a sixth more', () => {
    using heartbeat = createHeartbeat({ keepAliveMs: 12_000, stallMs: 30_000 });
    const since = performance.now();
    const stream = createStream(() => since);
    heartbeat.add(stream);
    vi.advanceTimersByTime(30_000);
    expect(stream.stalls()).toBe(0);
    vi.advanceTimersByTime(5_000);
    expect(stream.stalls()).toBeGreaterThan(0);
  });

  test('judges nobody just after the process was blocked', () => {
    using heartbeat = createHeartbeat({ keepAliveMs: 1_000, stallMs: 6_000 });
    const since = performance.now();
    const [waiting, idle] = [createStream(() => since), createStream()];
    heartbeat.add(waiting);
    heartbeat.add(idle);
    vi.advanceTimersByTime(1_000);
    // The clock runs on while no timer can.
    const now = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    vi.advanceTimersByTime(1_000);
    expect([waiting.stalls(), idle.beats]).toEqual([0, [false, true]]);
    vi.advanceTimersByTime(1_000);
    expect([waiting.stalls(), idle.beats]).toEqual([1, [false, true, false]]);
  });
});

test('a write watch knows since when a reader took nothing, and any progress starts it anew', () => {
  const watch = new WriteWatch();
  expect(watch.waitingSince).toBeUndefined();
  const start = performance.now();
  watch.started();
  vi.advanceTimersByTime(100);
  watch.started();
  expect(watch.waitingSince).toBe(start);
  watch.finished();
  expect(watch.waitingSince).toBe(start + 100);
  vi.advanceTimersByTime(100);
  watch.finished();
  expect(watch.waitingSince).toBeUndefined();
});
