/**
 * The demo's story: camina plans a survey of properties, drummers gather, belters score, one of them gives up and is
 * replaced, and the report is written. Twenty seconds, some 150 events. Pure: one seed, one story.
 */
import type { EmitEventInput, EventType, ProgressStage } from '../client/generated/graphql.ts';
import { createSeededRandom } from '../util/seeded-random.ts';

export interface DemoEvent extends Omit<EmitEventInput, 'taskId' | 'eventId' | 'timestamp'> {
  /** When it happens, milliseconds after the start. */
  readonly atMs: number;
}

export const DEMO_TITLE = 'Property survey: 24 listings';

/** In the order of their times. */
export function demoRun({ seed, fails }: { readonly seed: number; readonly fails: boolean }): readonly DemoEvent[] {
  const random = createSeededRandom(seed);
  const events = [
    ...planning(),
    ...work(random, { ...LISTING, fromMs: 1_700, toMs: 7_200 }),
    ...work(random, { ...LOCATION, fromMs: 1_900, toMs: 8_000 }),
    ...failingPermits(random),
    ...work(random, { ...PERMIT_AGAIN, fromMs: 6_400, toMs: 10_300 }),
    ...work(random, { ...PROPERTY, fromMs: 7_600, toMs: 14_600 }),
    ...work(random, { ...PRICE, fromMs: 8_300, toMs: 15_300 }),
    ...(fails ? failingRisk(random) : [...work(random, { ...RISK, fromMs: 10_500, toMs: 15_900 }), ...ending(random)]),
    ...asides(),
  ];
  return events.toSorted((a, b) => a.atMs - b.atMs);
}

interface Part {
  readonly name: string;
  readonly kind: 'DRUMMER' | 'BELTER';
  readonly stage: ProgressStage;
  readonly step: EventType;
  readonly steps: number;
  readonly start: string;
  readonly says: (step: number, random: () => number) => string;
  readonly end: string;
}

const STREETS = ['Harbour Street', 'Mill Lane', 'Station Road', 'Orchard Way', 'Canal Walk', 'Chapel Hill'] as const;

const LISTING: Part = {
  name: 'listing_drummer',
  kind: 'DRUMMER',
  stage: 'DATA_GATHERING',
  step: 'DATA_GATHERING',
  steps: 16,
  start: 'Reading two listing services',
  says: (step) => `page ${step} of 16: ${place(step)}`,
  end: '24 listings, 3 duplicates dropped',
};
const LOCATION: Part = {
  name: 'location_drummer',
  kind: 'DRUMMER',
  stage: 'DATA_GATHERING',
  step: 'DATA_GATHERING',
  steps: 24,
  start: 'Looking up 24 addresses',
  says: (step, random) => `${place(step)}: ${2 + Math.floor(random() * 18)} min to the station`,
  end: '24 addresses located',
};
const PERMIT: Part = {
  name: 'permit_drummer',
  kind: 'DRUMMER',
  stage: 'DATA_GATHERING',
  step: 'DATA_GATHERING',
  steps: 10,
  start: 'Asking the permit office for 24 files',
  says: (step) => `permit file ${step} of 24`,
  end: '',
};
const PERMIT_AGAIN: Part = {
  ...PERMIT,
  name: 'permit_2_drummer',
  steps: 14,
  start: 'Going on at file 11, one request at a time',
  says: (step) => `permit file ${step + 10} of 24`,
  end: '24 permit files, 1 of them a scan',
};
const PROPERTY: Part = {
  name: 'property_belter',
  kind: 'BELTER',
  stage: 'ANALYSIS',
  step: 'DATA_PROCESSING',
  steps: 24,
  start: 'Scoring 24 properties',
  says: (step, random) => `${place(step)}: score ${(5 + random() * 4.9).toFixed(1)}`,
  end: '24 scored, 7 above 8.0',
};
const PRICE: Part = {
  name: 'price_belter',
  kind: 'BELTER',
  stage: 'ANALYSIS',
  step: 'PROGRESS_UPDATE',
  steps: 18,
  start: 'Comparing with 312 past sales',
  says: (_step, random) => `model error down to ${(9 + random() * 4).toFixed(1)} %`,
  end: 'Fair prices estimated, error 8.7 %',
};
const RISK: Part = {
  name: 'risk_belter',
  kind: 'BELTER',
  stage: 'ANALYSIS',
  step: 'DATA_PROCESSING',
  steps: 15,
  start: 'Laying flood and noise maps over 24 addresses',
  says: (step, random) => `${place(step)}: noise ${45 + Math.floor(random() * 25)} dB`,
  end: '2 properties in a flood zone',
};

function planning(): DemoEvent[] {
  const assigned = [LISTING, LOCATION, PERMIT, PROPERTY, PRICE, RISK].map(
    ({ name, kind, start }, index): DemoEvent => ({
      ...camina(350 + index * 90, `${kind}_ASSIGNED`, 'PLANNING', start),
      component: name,
      progress: 0,
    }),
  );
  return [
    { ...camina(0, 'TASK_STARTED', 'PLANNING', 'Survey 24 listings in 3 districts'), progress: 0 },
    ...assigned,
    {
      ...camina(1_200, 'PROGRESS_UPDATE', 'PLANNING', 'Plan ready: 3 drummers, 3 belters'),
      progress: 0.1,
      details: { drummers: 3, belters: 3, budget: { tokens: 180_000 } },
      estimatedTimeRemaining: '18 seconds',
    },
  ];
}

/** Started, so many steps at uneven distances, completed. */
function work(random: () => number, part: Part & { readonly fromMs: number; readonly toMs: number }): DemoEvent[] {
  const { name, kind, stage, step, steps, start, says, end, fromMs, toMs } = part;
  const base = { component: name, stage };
  const stepMs = (toMs - fromMs) / (steps + 1);
  const between = Array.from({ length: steps }, (_, index): DemoEvent => {
    const atMs = fromMs + stepMs * (index + 0.6 + random() * 0.7);
    const left = Math.max(1, Math.round((toMs - atMs) / 1_000));
    return {
      ...base,
      atMs,
      eventType: step,
      message: says(index + 1, random),
      progress: (index + 1) / (steps + 1),
      estimatedTimeRemaining: `${left} second${left === 1 ? '' : 's'}`,
    };
  });
  return [
    { ...base, atMs: fromMs, eventType: `${kind}_STARTED`, message: start, progress: 0 },
    ...between,
    { ...base, atMs: toMs, eventType: `${kind}_COMPLETED`, message: end, progress: 1 },
  ];
}

function failingPermits(random: () => number): DemoEvent[] {
  const said = work(random, { ...PERMIT, fromMs: 2_100, toMs: 5_100 }).slice(0, -1);
  const base = { component: PERMIT.name, stage: 'DATA_GATHERING' } as const;
  return [
    ...said.map((event) => ({ ...event, progress: (event.progress ?? 0) * 0.46 })),
    { ...base, atMs: 3_900, eventType: 'WARNING', message: 'The permit office answers slowly: 2.8 s a request' },
    {
      ...base,
      atMs: 5_300,
      eventType: 'ERROR',
      message: 'Permit file 11: no answer, 3 tries',
      details: { file: 11, tries: 3, lastError: 'timed out after 5 s' },
    },
    { ...base, atMs: 5_600, eventType: 'DRUMMER_FAILED', message: 'Gave up at permit file 11' },
    {
      ...camina(6_000, 'DRUMMER_ASSIGNED', 'DATA_GATHERING', 'Take over from permit_drummer'),
      component: PERMIT_AGAIN.name,
      progress: 0,
    },
  ];
}

/** What the coordinator says on the way. */
function asides(): DemoEvent[] {
  return [
    { ...camina(7_500, 'ANALYSIS_STARTED', 'ANALYSIS', 'First listings are in: scoring begins'), progress: 0.35 },
    {
      ...camina(12_100, 'WARNING', 'ANALYSIS', 'The flood map is from 2019; newer parts of Canal Walk are not on it'),
      component: RISK.name,
    },
  ];
}

function ending(random: () => number): DemoEvent[] {
  return [
    { ...camina(16_000, 'ANALYSIS_COMPLETED', 'ANALYSIS', 'All scores are in'), progress: 0.8 },
    camina(16_200, 'SYNTHESIS_STARTED', 'SYNTHESIS', 'Ranking 24 properties'),
    ...work(random, {
      name: 'report_belter',
      kind: 'BELTER',
      stage: 'SYNTHESIS',
      step: 'PROGRESS_UPDATE',
      steps: 8,
      start: 'Writing the report',
      says: (step) => `section ${step} of 8`,
      end: 'Report: 8 sections, 24 properties',
      fromMs: 16_300,
      toMs: 18_700,
    }),
    { ...camina(18_800, 'SYNTHESIS_COMPLETED', 'SYNTHESIS', 'Ranking and report are done'), progress: 0.9 },
    { ...camina(19_100, 'PROGRESS_UPDATE', 'REVIEW', 'Checking totals against the listings'), progress: 0.95 },
    {
      ...camina(19_900, 'TASK_COMPLETED', 'COMPLETE', '24 properties ranked, 3 worth a visit'),
      progress: 1,
      details: { ranked: 24, visit: [place(3), place(11), place(16)] },
    },
  ];
}

function failingRisk(random: () => number): DemoEvent[] {
  const said = work(random, { ...RISK, fromMs: 10_500, toMs: 15_900 }).filter(({ atMs }) => atMs < 13_800);
  const stage = 'ANALYSIS';
  return [
    ...said,
    { ...camina(14_200, 'BELTER_FAILED', stage, 'Flood map: 503, gave up after 5 tries'), component: RISK.name },
    {
      ...camina(16_200, 'TASK_FAILED', 'FAILED', 'No ranking without risks: risk_belter gave up'),
      details: { cause: RISK.name },
    },
  ];
}

function camina(atMs: number, eventType: EventType, stage: ProgressStage, message: string): DemoEvent {
  return { atMs, eventType, stage, message, component: 'camina' };
}

function place(step: number): string {
  return `${7 + step * 5} ${STREETS[step % STREETS.length]}`;
}
