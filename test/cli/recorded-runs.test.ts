/** The two recorded runs, sent by the command line: recorded once, and folded as an independent fold says. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { foldAll, progressDifferences } from '../support/fold.ts';
import { readTaskLog, readProgress } from '../support/read-log.ts';
import { openApp } from './app.ts';
import { cli } from './host.ts';

test.each([
  { name: 'code-survey', taskId: 'code-survey-1', count: 593, status: 'COMPLETED', exitCode: 0 },
  { name: 'code-survey-failed', taskId: 'code-survey-failed', count: 79, status: 'FAILED', exitCode: 1 },
])('$name ends $status, with the mean of its components, and is recorded once', async (run) => {
  await using app = await openApp();
  const file = fileURLToPath(new URL(`../fixtures/${run.name}.jsonl`, import.meta.url));
  const first = await cli(['emit', '--file', file, '--url', app.url]);
  expect(first.stdout).toContain(`${run.count} events recorded, 0 already known`);
  const second = await cli(['emit', '--file', file, '--url', app.url]);
  expect(second.stdout).toContain(`0 events recorded, ${run.count} already known`);
  expect((await cli(['watch', run.taskId, '--url', app.url])).exitCode).toBe(run.exitCode);

  const events = await readTaskLog(app.url, run.taskId);
  const progress = await readProgress(app.url, run.taskId);
  const expected = foldAll(events).at(-1);
  if (expected === undefined) throw new Error('nothing was recorded');
  expect(expected.components).toHaveLength(7);
  expect(expected.status).toBe(run.status);
  expect(progress === null ? ['no progress'] : progressDifferences(progress, expected)).toEqual([]);
});
