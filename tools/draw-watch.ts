/**
 * Draws `docs/watch.svg`: what `drumline watch` shows of the demo's run thirteen seconds after its start, in the colours of
 * light and dark terminals. The run goes through a server and the frame comes from `renderFrame`, so that the picture
 * shows nothing that the program does not.
 *
 *   node tools/draw-watch.ts
 */
import { writeFileSync } from 'node:fs';
import { createApp } from '../src/app.ts';
import { DEMO_TITLE, demoRun } from '../src/demo/demo-run.ts';
import { renderFrame } from '../src/cli/frame.ts';
import { renderNotice } from '../src/cli/lasting-lines.ts';
import { createScreenFold, noticeOf } from '../src/cli/screen.ts';
import { EmitEventsDocument, request, watchTask, type EmitEventInput, type TaskUpdate } from '../src/client/index.ts';
import { parseConfig } from '../src/config.ts';
import { svgOf } from './terminal-svg.ts';

const FILE = new URL('../docs/watch.svg', import.meta.url);
const TASK_ID = 'survey-7';
const COLUMNS = 100;
const START_MS = Date.UTC(2026, 0, 5, 9, 41);
const MOMENT_MS = START_MS + 13_300;

export async function drawWatch(): Promise<string> {
  const style = { width: COLUMNS, withColour: true, timeZone: 'UTC' };
  const lines: string[] = [];
  const fold = createScreenFold(TASK_ID, START_MS);
  fold.set({ connection: { kind: 'live', sinceMs: START_MS }, title: DEMO_TITLE });
  for (const update of await updatesOf(eventsSoFar())) {
    fold.fold(update, Date.parse(update.progress.lastUpdate));
    const notice = noticeOf(update);
    if (notice !== undefined) lines.push(renderNotice(notice, '', style));
  }
  const screen = fold.screen();
  lines.push(...renderFrame([screen], { ...style, height: 30, nowMs: MOMENT_MS }));
  const label = `drumline watch ${TASK_ID}: a task and its ${screen.view?.components.size} components, with bars, rates and last words`;
  return svgOf([`\u001b[90m$ npx drumline watch ${TASK_ID}\u001b[0m`, ...lines], { columns: COLUMNS, label });
}

function eventsSoFar(): readonly EmitEventInput[] {
  return demoRun({ seed: 1, fails: false })
    .filter(({ atMs }) => START_MS + atMs <= MOMENT_MS)
    .map(({ atMs, ...event }, index) => ({
      ...event,
      taskId: TASK_ID,
      eventId: `e${index}`,
      timestamp: new Date(START_MS + atMs).toISOString(),
    }));
}

/** As if each had been recorded at the time when it happened. */
async function updatesOf(inputs: readonly EmitEventInput[]): Promise<readonly TaskUpdate[]> {
  await using app = await createApp(parseConfig({ flags: { port: '0', store: 'memory:' } }));
  const url = `${(await app.listen()).url}/graphql`;
  await request({ url, document: EmitEventsDocument, variables: { inputs: [...inputs] } });
  const updates: TaskUpdate[] = [];
  for await (const update of watchTask({ url, taskId: TASK_ID, replay: true })) {
    if (update.__typename !== 'TaskEventRecorded') continue;
    updates.push({ ...update, event: { ...update.event, recordedAt: update.event.timestamp } });
    if (updates.length === inputs.length) break;
  }
  return updates;
}

if (import.meta.main) writeFileSync(FILE, await drawWatch());
