/** A task of many components: what is costly is shown less often, and in the end all the same. */
import { expect, test } from 'vitest';
import { CHROMIUM } from '../support/browser.ts';
import { openDashboard } from '../support/dashboard.ts';
import { createEmitter } from '../support/emitter.ts';
import { systemProgram } from '../support/system-program.ts';

const chromium = systemProgram('chromium', CHROMIUM);
const TASK = 'wide';
const COMPONENTS = 150;

test.skipIf(!chromium.present)('the table of 150 components comes to what they said last', async () => {
  await using dashboard = await openDashboard({ chromium });
  const emitter = createEmitter({ url: dashboard.server.graphqlUrl });
  await emitter.emitUntilAcknowledged(round(1));
  await using visit = await dashboard.visit(`/?task=${TASK}`);
  const { page } = visit;
  const shares = (): Promise<readonly string[]> =>
    page.evaluate(
      `[...new Set(Array.from(document.querySelectorAll('[data-component]'), (row) => row.dataset.progress))]`,
    );
  await expect.poll(() => page.locator('[data-component]').count()).toBe(COMPONENTS);
  for (let number = 2; number <= 9; number += 1) await emitter.emitUntilAcknowledged(round(number));
  await expect.poll(shares).toEqual(['0.9']);
  await expect.poll(() => page.locator('.run-header [data-sequence]').getAttribute('data-sequence')).toBe('1350');
});

function round(number: number) {
  return Array.from({ length: COMPONENTS }, (_, index) => ({
    taskId: TASK,
    eventId: `${number}-${index}`,
    eventType: 'PROGRESS_UPDATE',
    component: `worker_${index}`,
    stage: 'ANALYSIS',
    message: `round ${number}`,
    progress: number / 10,
  }));
}
