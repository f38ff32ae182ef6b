/** The Python package against a real server that is killed, and the original system's own flow on it. */
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { python, startPython } from '../support/python.ts';
import { readProgress, readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const KILLS = 5;
const THREADS = 5;
const EVENTS_OF_EACH = 2_000;
const MAX_PENDING = 200;
/** All events together take ten megabytes and more; those that may wait, a fiftieth of that. */
const MAX_PEAK_BYTES = 3_000_000;

const Told = z.object({
  highest: z.int(),
  peakBytes: z.int(),
  pending: z.int(),
  recorded: z.int(),
  duplicates: z.int(),
  refused: z.int(),
});

describe.skipIf(!python.present)('the Python emitter', () => {
  test('5 times kill -9 during 10,000 events: each is recorded once, in its order, with bounded memory', async () => {
    const total = THREADS * EVENTS_OF_EACH;
    await using dir = await openTempDir();
    await using server = await startServer({ store: dir.sqliteStore });
    await using program = startPython({
      program: { file: 'many_events.py' },
      args: ['many', String(THREADS), String(EVENTS_OF_EACH), String(MAX_PENDING)],
      url: server.graphqlUrl,
    });
    const recorded = async (): Promise<number> => (await readProgress(server.graphqlUrl, 'many'))?.sequence ?? 0;

    for (let kill = 1; kill <= KILLS; kill += 1) {
      const goal = (kill * total) / (KILLS + 2);
      await waitFor(async () => (await recorded()) >= goal, { withinMs: 30_000, what: `${goal} recorded events` });
      await server.restart();
      // Or it would not have been emitting when the server was killed.
      expect(program.isOver).toBe(false);
    }

    const { code, stdout } = await program.ended;
    expect(code).toBe(0);
    const told = Told.parse(JSON.parse(stdout[0] ?? ''));
    expect(told).toMatchObject({ pending: 0, recorded: total, refused: 0 });
    expect(told.highest).toBeLessThanOrEqual(MAX_PENDING);
    expect(told.peakBytes).toBeLessThan(MAX_PEAK_BYTES);

    const log = await readTaskLog(server.graphqlUrl, 'many');
    expect(log).toHaveLength(total);
    const inOrder = Array.from({ length: EVENTS_OF_EACH }, (_, index) => `step ${index + 1}`);
    for (let thread = 0; thread < THREADS; thread += 1) {
      const own = log.filter(({ component }) => component === `worker_${thread}_belter`);
      expect(own.map(({ message }) => message.replace(/ \.+$/, ''))).toEqual(inOrder);
    }
  }, 180_000);

  test('a callback hears of each event once, in order, though the server is killed meanwhile', async () => {
    await using dir = await openTempDir();
    await using server = await startServer({ store: dir.sqliteStore });
    await using program = startPython({ program: { file: 'hear_all.py' }, args: ['heard'], url: server.graphqlUrl });
    for (const goal of [2, 4]) {
      await waitFor(() => program.stdout.includes(`emitted ${goal}`), { withinMs: 30_000, what: `event ${goal}` });
      await server.kill9();
      program.go();
      await server.restart();
    }
    const { code, stdout } = await program.ended;
    expect(code).toBe(0);
    const log = await readTaskLog(server.graphqlUrl, 'heard');
    const heard = log.map(({ message }) => `heard ${message}`);
    expect(heard).toHaveLength(6);
    expect(stdout.filter((line) => line.startsWith('heard'))).toEqual(heard);
  }, 180_000);

  test("the original system's flow shows the right progress, and its callbacks hear of every event", async () => {
    await using server = await startServer({ store: 'memory:' });
    await using program = startPython({ program: { file: 'original_flow.py' }, url: server.graphqlUrl });
    const { code, stdout, stderr } = await program.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: [] });

    const { before, after, heard } = OriginalTold.parse(JSON.parse(stdout[0] ?? ''));
    expect(before).toMatchObject({
      stage: 'analysis',
      components: {
        camina: { status: 'task_started', progress: 0 },
        location_drummer: { status: 'drummer_completed', progress: 1 },
        property_belter: { status: 'analysis_completed', progress: 1 },
      },
    });
    expect(before.overall_progress).toBeCloseTo(2 / 3, 10);
    expect(after).toMatchObject({
      stage: 'failed',
      components: {
        camina: { status: 'task_failed', progress: 0 },
        location_drummer: { status: 'drummer_failed', progress: 0.5 },
      },
      overall_progress: 0.25,
    });
    expect(heard).toEqual([
      ['flow', 'task_started', 'Survey', 0],
      ['flow', 'drummer_started', 'Looking', null],
      ['flow', 'data_gathering', 'Half', 0.5],
      ['flow', 'drummer_completed', 'Found', 1],
      ['flow', 'analysis_started', 'Scoring', 0],
      ['flow', 'analysis_completed', 'Scored', 1],
      ['flow', 'task_completed', 'Done', 1],
      ['failing-flow', 'task_started', 'Survey', 0],
      ['failing-flow', 'drummer_started', 'Looking', null],
      ['failing-flow', 'data_gathering', 'Half', 0.5],
      ['failing-flow', 'drummer_failed', 'No answer', null],
      ['failing-flow', 'task_failed', 'Gave up', null],
    ]);

    expect(await readProgress(server.graphqlUrl, 'flow')).toMatchObject({
      sequence: 7,
      status: 'COMPLETED',
      stage: 'COMPLETE',
      overallProgress: 1,
      displayProgress: 1,
    });
    expect(await readProgress(server.graphqlUrl, 'failing-flow')).toMatchObject({
      sequence: 5,
      status: 'FAILED',
      stage: 'FAILED',
      overallProgress: 0.25,
      displayProgress: 0.25,
    });
  });
});

/** The original's dictionary. Times have no zone there. */
const State = z.object({
  stage: z.string(),
  started_at: z.iso.datetime({ local: true }),
  last_update: z.iso.datetime({ local: true }),
  components: z.record(z.string(), z.object({ status: z.string(), progress: z.number() })),
  overall_progress: z.number(),
});
const OriginalTold = z.object({ before: State, after: State, heard: z.array(z.array(z.unknown())) });
