/**
 * The server keeps nothing for a subscriber that is gone, however it went. The app runs in this process, so that its
 * own counts can be read, and beside them what only the runtime knows: timers, handles, file descriptors.
 */
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { createApp } from '../../src/app.ts';
import type { App } from '../../src/app.ts';
import { parseConfig } from '../../src/config.ts';
import { query } from '../support/read-log.ts';
import { LEAVERS } from '../support/leavers.ts';
import type { Leaver, Place } from '../support/leavers.ts';
import { sized } from '../support/sizes.ts';
import { waitFor } from '../support/wait-for.ts';

const CYCLES = sized({ usual: 1_000, full: 10_000 });
const AT_ONCE = 100;
/** Short, so that a thousand silent peers are found within the test. */
const FLAGS = { store: 'memory:', port: '0', keepAliveMs: '250', stallMs: '800' };

test.for(Object.keys(LEAVERS) as (keyof typeof LEAVERS)[])(
  `${CYCLES} subscribers that left (%s) leave nothing behind`,
  { timeout: 120_000 + 60 * CYCLES },
  async (name) => {
    await using app = await createApp(parseConfig({ flags: FLAGS }));
    const { url: origin } = await app.listen();
    const place = { origin, taskId: 'leaving' };
    await fillTask(place);
    const leaver = LEAVERS[name];
    // What is made once, for the first subscriber of all, is no leak.
    await cycle({ leaver, place, app });
    const { busSubscriptions } = app.stats();
    // In a `waitFor` as at the end, for that has a timer of its own.
    const before = await waitFor(resources, { withinMs: 20_000, what: 'the resources to be counted' });

    let peak = 0;
    for (let done = 0; done < CYCLES; done += AT_ONCE) {
      peak = Math.max(peak, await cycle({ leaver, place, app }));
    }
    expect(peak, 'the followers that were there while they stayed').toBe(AT_ONCE);
    expect(app.stats().busSubscriptions).toBe(busSubscriptions);
    let after = before;
    const settled = async (): Promise<boolean> => sameResources((after = await resources()), before);
    const what = (): string => `${JSON.stringify(after)} to become ${JSON.stringify(before)}`;
    await waitFor(settled, { withinMs: 20_000, what });
  },
);

interface Cycle {
  readonly leaver: Leaver;
  readonly place: Place;
  readonly app: App;
}

/** Subscribers arrive together, then all leave. @returns how many the server followed for in between. */
async function cycle({ leaver, place, app }: Cycle): Promise<number> {
  const leaves = await Promise.all(Array.from({ length: AT_ONCE }, async () => leaver.arrive(place)));
  const { followers } = app.stats();
  const what = (): string => `the server to let go of ${JSON.stringify(app.stats())}`;
  const gone = async (): Promise<boolean> => waitFor(() => isLeft(app), { withinMs: 20_000, what });
  if (leaver.silent) await gone();
  await Promise.all(leaves.map(async (leave) => leave()));
  await gone();
  return followers;
}

function isLeft(app: App): boolean {
  const { followers, sockets, streams } = app.stats();
  return followers + sockets + streams === 0;
}

/** 15 MB of events: more than Linux buffers between two sockets when the reader does not read: up to 4 MB to send and 6 MB received. */
async function fillTask({ origin, taskId }: Place): Promise<void> {
  const text = 'x'.repeat(30_000);
  const inputs = Array.from({ length: 500 }, (_, index) => ({
    eventId: `fill-${index}`,
    taskId,
    eventType: 'PROGRESS_UPDATE',
    component: 'camina',
    stage: 'ANALYSIS',
    message: 'filling',
    details: { text },
  }));
  const mutation = 'mutation ($inputs: [EmitEventInput!]!) { emitEvents(inputs: $inputs) { results { duplicate } } }';
  for (let from = 0; from < inputs.length; from += 50) {
    await query(`${origin}/graphql`, mutation, { inputs: inputs.slice(from, from + 50) });
  }
}

interface Resources {
  readonly fileDescriptors: number;
  readonly active: Readonly<Record<string, number>>;
}

async function resources(): Promise<Resources> {
  const active: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) active[type] = (active[type] ?? 0) + 1;
  return { fileDescriptors: (await readdir('/proc/self/fd')).length, active };
}

/** Less than before is no leak: what the start of the test itself had open may have gone meanwhile. */
function sameResources(now: Resources, before: Resources): boolean {
  const grown = Object.entries(now.active).some(([type, count]) => count > (before.active[type] ?? 0));
  return !grown && now.fileDescriptors <= before.fileDescriptors;
}
