/** Tasks for a board, one in each state that a page shows on purpose. The runs are those of the demo. */
import { InitTaskDocument, request } from '../../src/client/index.ts';
import { demoRun } from '../../src/demo/demo-run.ts';
import { createEmitter } from './emitter.ts';
import type { EmitInput } from './fixtures.ts';
import { query } from './read-log.ts';

export const TASKS = {
  waiting: 'survey-27',
  running: 'survey-26',
  failed: 'survey-25',
  completed: 'survey-24',
  silent: 'nightly-index',
} as const;

/** Of a run: it is at work, and one of it has given up. */
const HALF_MS = 11_000;

export async function addTasks(url: string): Promise<void> {
  const emitter = createEmitter({ url });
  const input = { taskId: TASKS.waiting, title: 'Property survey: 24 listings', labels: ['survey', 'nightly'] };
  await request({ url, document: InitTaskDocument, variables: { input } });
  const minute = 60_000;
  await emitter.emitUntilAcknowledged(runOf(TASKS.completed, { agoMs: 3 * minute }));
  await emitter.emitUntilAcknowledged(runOf(TASKS.failed, { agoMs: minute, fails: true }));
  await emitter.emitUntilAcknowledged(runOf(TASKS.running, { agoMs: HALF_MS, untilMs: HALF_MS }));
  await emitter.emitUntilAcknowledged(runOf(TASKS.silent, { agoMs: 9 * minute, untilMs: 2_500 }));
  await emitter.emitUntilAcknowledged(late(TASKS.completed));
  await observe(url, TASKS.running);
}

interface Part {
  /** When it began. */
  readonly agoMs: number;
  /** Of the run; what comes later is left out. */
  readonly untilMs?: number;
  readonly fails?: boolean;
}

export function runOf(taskId: string, { agoMs, untilMs = Infinity, fails = false }: Part): readonly EmitInput[] {
  const startedMs = Date.now() - agoMs;
  return demoRun({ seed: 7, fails })
    .filter(({ atMs }) => atMs <= untilMs)
    .map(({ atMs, details = null, progress = null, estimatedTimeRemaining = null, ...event }, index) => {
      const timestamp = new Date(startedMs + Math.round(atMs)).toISOString();
      const known = { ...event, details, progress, estimatedTimeRemaining };
      return { ...known, taskId, eventId: `event-${index + 1}`, timestamp };
    });
}

function late(taskId: string): EmitInput {
  const what = { eventType: 'WARNING', component: 'price_belter', stage: 'COMPLETE', message: 'one listing was sold' };
  return { ...what, taskId, eventId: 'late' };
}

const OBSERVE = `mutation ($input: PublishObservationInput!) {
  publishObservation(input: $input) { observation { id } }
}`;

export async function observe(url: string, taskId: string, content = 'Two listings look the same.'): Promise<void> {
  const variables = { input: { taskId, content, metadata: { confidence: 0.8, seen: { listings: [4, 17] } } } };
  await query(url, OBSERVE, variables);
}
