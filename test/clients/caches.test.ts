/**
 * What a component shows never goes back, whatever answer is late; and when the log itself goes back, it does.
 */
import { cp, rm } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { startApp } from '../support/app.ts';
import { createEmitter } from '../support/emitter.ts';
import type { EmitInput } from '../support/fixtures.ts';
import { openTempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { openApolloApp, openGraphcacheApp, type CachedApp } from './cached-apps.ts';
import { createHeldFetch, type HeldFetch } from './held-fetch.ts';

const ID = 'shown';

function eventOf(step: number): EmitInput {
  const what = { eventType: 'PROGRESS_UPDATE', component: 'camina', stage: 'ANALYSIS', message: `Step ${step}` };
  return { ...what, taskId: ID, eventId: `step-${step}`, progress: step / 1_000 };
}

interface World extends AsyncDisposable {
  readonly app: CachedApp;
  readonly network: HeldFetch;
  /** By somebody else, up to this step. */
  recordTo(step: number): Promise<void>;
  /** The last step so recorded. */
  recorded(): number;
  shows(sequence: number): Promise<unknown>;
  /** Copies the store while the server is down. */
  backUp(): Promise<void>;
  /** Puts the copy in its place. */
  restore(): Promise<void>;
}

async function openWorld(openApp: (options: Parameters<typeof openApolloApp>[0]) => CachedApp): Promise<World> {
  await using opening = new AsyncDisposableStack();
  const dir = opening.use(await openTempDir());
  const copy = opening.use(await openTempDir());
  let server = await startApp({ store: dir.sqliteStore });
  const { port } = new URL(server.origin);
  opening.defer(async () => server[Symbol.asyncDispose]());
  async function restart(whileDown: () => Promise<unknown>): Promise<void> {
    await server[Symbol.asyncDispose]();
    await whileDown();
    server = await startApp({ store: dir.sqliteStore, settings: { port } });
  }
  const emitter = createEmitter({ url: server.graphqlUrl });
  let last = 0;
  async function recordTo(step: number): Promise<void> {
    while (last < step) {
      await emitter.emitUntilAcknowledged(eventOf(last + 1));
      last += 1;
    }
  }
  await recordTo(1);
  const network = createHeldFetch();
  const app = opening.use(openApp({ url: server.graphqlUrl, fetch: network.fetch, id: ID }));
  const shows = async (sequence: number): Promise<unknown> =>
    waitFor(() => app.shown.at(-1) === sequence, {
      withinMs: 15_000,
      what: () => `${sequence} to be shown, not ${app.shown.join(', ')}`,
    });
  await shows(1);
  const stack = opening.move();
  return {
    app,
    network,
    recordTo,
    recorded: () => last,
    shows,
    backUp: async () => restart(async () => cp(dir.path, copy.path, { recursive: true })),
    async restore() {
      await restart(async () => {
        await rm(dir.path, { recursive: true });
        await cp(copy.path, dir.path, { recursive: true });
      });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function expectForward({ shown, complaints }: CachedApp): void {
  expect(shown).toEqual(shown.toSorted((one, other) => one - other));
  expect(complaints).toEqual([]);
}

describe.each([
  ['Apollo', openApolloApp],
  ["urql's Graphcache", openGraphcacheApp],
])('a component on the cache of %s', { timeout: 60_000 }, (_, openApp) => {
  test('never shows what a late answer says: it is asked again', async () => {
    await using world = await openWorld(openApp);
    const { app, network } = world;
    app.stream();
    network.keepNext();
    const answer = app.ask();
    await network.isKept();
    await world.recordTo(3);
    await world.shows(3);
    const { asked } = network;
    network.release();
    expect(await answer).toBe(3);
    expect(network.asked).toBe(asked + 1);
    expectForward(app);
  });

  test("nor what an overtaken emit's payload says, nor one that is repeated", async () => {
    await using world = await openWorld(openApp);
    const { app, network } = world;
    app.stream();
    network.keepNext();
    const answer = app.emit(eventOf(2));
    await network.isKept();
    await world.recordTo(4);
    await world.shows(4);
    network.release();
    expect(await answer).toBeUndefined();
    expect(await app.emit(eventOf(2))).toBe(4);
    expectForward(app);
    expect(app.shown.at(-1)).toBe(4);
  });

  test('nor what a replay tells of the past', async () => {
    await using world = await openWorld(openApp);
    const { app } = world;
    app.stream();
    await world.recordTo(5);
    await world.shows(5);
    let updates = 0;
    app.replay(() => (updates += 1));
    await waitFor(() => updates === 5, { withinMs: 15_000, what: () => `five updates, not ${updates}` });
    expectForward(app);
    expect(app.shown.at(-1)).toBe(5);
  });

  test('nor anything older while its task changes faster than a question is answered, and each is answered', async () => {
    await using world = await openWorld(openApp);
    const { app, network } = world;
    app.stream();
    const end = 200;
    network.slowDown(async () => {
      const far = Math.min(world.recorded() + 3, end);
      const moved = (): boolean => world.recorded() >= far;
      return waitFor(moved, { withinMs: 15_000, what: 'the task to change' });
    });
    const asking = async (): Promise<number> => {
      let answers = 0;
      for (; world.recorded() < end; answers += 1) expect(await app.ask()).toBeGreaterThan(0);
      return answers;
    };
    const answers = asking();
    await world.recordTo(end);
    expect(await answers).toBeGreaterThan(5);
    await world.shows(end);
    expectForward(app);
  });

  test('shows an older copy of the log that took its place: a stream tells', async () => {
    await using world = await openWorld(openApp);
    world.app.stream();
    await world.backUp();
    await world.recordTo(4);
    await world.shows(4);
    await world.restore();
    await world.shows(1);
    expect(world.app.complaints).toEqual([]);
  });

  test('shows it as well when only a question tells, and nothing of what was asked before', async () => {
    await using world = await openWorld(openApp);
    const { app, network } = world;
    await world.backUp();
    await world.recordTo(4);
    expect(await app.ask()).toBe(4);
    network.keepNext();
    const before = app.emit(eventOf(5));
    await network.isKept();
    await world.restore();
    expect(await app.ask()).toBe(1);
    await world.shows(1);
    network.release();
    expect(await before).toBeUndefined();
    expect(await app.ask()).toBe(1);
    expect(app.shown.at(-1)).toBe(1);
    expect(Math.max(...app.shown)).toBe(4);
  });
});
