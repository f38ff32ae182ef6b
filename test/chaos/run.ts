/**
 * The chaos run: faults from a list in random order, one after the other, while producers and watchers go on; then
 * everything is healed, everybody reads to the end, and the whole history is judged. Its seed repeats the order.
 */
import { checkHistory, type Violation } from '../support/history.ts';
import { openRandom } from '../support/random.ts';
import { readProgress, readTaskLog } from '../support/read-log.ts';
import { settlesWithin, waitFor } from '../support/wait-for.ts';
import type { Fault } from './fault.ts';
import { FAULTS } from './faults.ts';
import { openStage, type Stage } from './stage.ts';

export interface ChaosOptions {
  readonly seconds: number;
  /** Events a second, or as many as the machine takes beside all this. */
  readonly perSecond?: number;
  /** Told of each fault that was injected and of which everybody has recovered. */
  readonly onFault?: (name: string, recoveredMs: number) => void;
}

export interface FaultFigures {
  readonly name: string;
  readonly times: number;
  /** From when it was taken away until every watcher had what was recorded by then. */
  readonly slowestMs: number;
  /** Why it was not injected. */
  readonly skipped?: string | undefined;
}

export interface ChaosReport {
  readonly seed: number;
  readonly faults: readonly FaultFigures[];
  readonly events: number;
  readonly deliveries: number;
  /** Broken promises; none when all is well. */
  readonly problems: readonly string[];
}

const RECOVER_WITHIN_MS = 60_000;

export async function runChaos({ seconds, perSecond = 200, onFault }: ChaosOptions): Promise<ChaosReport> {
  const random = openRandom('chaos');
  await using stage = await openStage({ perSecond, tasks: 8, watchers: 24 });
  const figures = new Map<string, FaultFigures>(
    FAULTS.map((fault) => [fault.name, { name: fault.name, times: 0, slowestMs: 0, skipped: fault.unless?.(stage) }]),
  );
  const possible = FAULTS.filter(({ name }) => figures.get(name)?.skipped === undefined);
  const until = performance.now() + seconds * 1_000;
  await recovered(stage);
  // Each at least once, whatever time that takes, in an order of their own in every round.
  let round: readonly Fault[] = random.shuffle(possible);
  for (let done = 0; done < possible.length || performance.now() < until; done += 1, round = round.slice(1)) {
    if (round.length === 0) round = random.shuffle(possible);
    const [fault] = round;
    if (fault === undefined) break;
    await fault.inject(stage, random);
    const since = performance.now();
    await recovered(stage, fault.name);
    const tookMs = performance.now() - since;
    const before = figures.get(fault.name);
    if (before !== undefined) {
      figures.set(fault.name, { ...before, times: before.times + 1, slowestMs: Math.max(before.slowestMs, tookMs) });
    }
    onFault?.(fault.name, tookMs);
  }
  const problems = await judge(stage);
  return {
    seed: random.seed,
    faults: [...figures.values()],
    events: stage.emitter.acknowledged,
    deliveries: stage.whole.reduce((sum, watcher) => sum + watcher.frames().length, 0),
    problems,
  };
}

/** Every watcher has what is recorded now. */
async function recovered({ server, tasks, whole, light }: Stage, after = 'the start'): Promise<void> {
  const heads: number[] = [];
  for (const taskId of tasks) {
    const found = waitFor(async () => (await headOf(server.graphqlUrl, taskId)) ?? false, {
      withinMs: RECOVER_WITHIN_MS,
      what: `the server to answer after ${after}`,
      pollMs: 50,
    });
    heads.push(await found);
  }
  const isThere = ({ at }: { readonly at: number }, index: number): boolean => at >= (heads[index % heads.length] ?? 0);
  const what = (): string =>
    `everybody to recover from ${after}: at ${[...whole, ...light].map(({ at }) => at).join(' ')}, heads ${heads.join(' ')}`;
  await waitFor(() => whole.every(isThere) && light.every(isThere), {
    withinMs: RECOVER_WITHIN_MS,
    what,
    pollMs: 20,
  });
}

async function headOf(url: string, taskId: string): Promise<number | undefined> {
  try {
    return (await readProgress(url, taskId))?.sequence;
  } catch {
    return undefined;
  }
}

async function judge(stage: Stage): Promise<readonly string[]> {
  const { server, emitter, tasks, whole, light } = stage;
  await settlesWithin(stage.stop(), { withinMs: 60_000, what: 'the producers to be answered' });
  await stage.completeTasks();
  const all = [...whole, ...light];
  const ended = Promise.all(all.map((watcher) => watcher.ended));
  await settlesWithin(ended, { withinMs: 120_000, what: () => `the ends; at ${all.map(({ at }) => at).join(' ')}` });
  const problems: string[] = [];
  const emits = Map.groupBy(emitter.history(), ({ taskId }) => taskId);
  for (const [index, taskId] of tasks.entries()) {
    const log = await readTaskLog(server.graphqlUrl, taskId);
    const watchers = whole
      .filter((_, number) => number % tasks.length === index)
      .map((watcher) => watcher.record(true));
    // Nothing that was acknowledged may be lost to any of these faults, so that a gap is wrong too.
    const violations = checkHistory({ taskId, emits: emits.get(taskId) ?? [], log, watchers });
    problems.push(...violations.map((violation) => toLine(taskId, violation)));
    for (const [number, { at, wrong }] of light.entries()) {
      if (number % tasks.length !== index) continue;
      if (wrong.length > 0)
        problems.push(`watcher ${number} of ${taskId}: out of order at ${wrong.slice(0, 5).join()}`);
      if (at !== log.length) problems.push(`watcher ${number} of ${taskId}: ended at ${at} of ${log.length}`);
    }
  }
  return problems;
}

function toLine(taskId: string, { rule, at, says }: Violation): string {
  return `${rule}: ${taskId}, ${at}: ${says}`;
}
