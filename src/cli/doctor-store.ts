/** The store: whether it can be used, how much room it has, and whether all that was recorded is still there. */
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openStoreReader, verifyStore, type StoreReader } from '../app.ts';
import type { Config } from '../config.ts';
import { DrumlineError, StoreCorruptError } from '../domain/errors.ts';
import { EXIT } from './exit.ts';
import { failed, good, warning, type Finding } from './finding.ts';
import type { CliIo } from './io.ts';
import { createProgressLine } from './progress-line.ts';

interface StoreCheck {
  readonly config: Config;
  /** Without the walk through all events. */
  readonly quick: boolean;
}

/** Below that a burst of events may fill it before somebody looks. */
const LITTLE_ROOM_BYTES = 1024 ** 3;
const MAX_NAMED = 20;
const RESTORE = 'stop the server and restore a backup (docs/deploying.md)';

export async function* checkStore({ config, quick }: StoreCheck, io: CliIo): AsyncGenerator<Finding, void> {
  const { store } = config;
  yield checkRetention(config);
  if (store.driver === 'memory') {
    yield warning('store', 'memory: is lost when the server stops; keep events with --store sqlite:PATH');
    return;
  }
  const derived = new Set<string>();
  try {
    await using reader = await openStoreReader(config, (what, taskId) => {
      if (derived.size < MAX_NAMED) derived.add(`${what} of task ${taskId}`);
    });
    if (reader === undefined) yield good('store', `${store.driver}: not there yet; the server will make it`);
    else yield describeStore(store.driver, reader);
    if (store.driver === 'sqlite') yield await checkRoom(store.path);
    if (reader === undefined) return;
    if (quick) yield good('events', 'not looked at (--quick)');
    else yield* walk(reader, derived, io);
  } catch (error) {
    yield toFinding(error, store.driver);
  }
}

function checkRetention({ retentionHours, maxEventsPerTask }: Config): Finding {
  if (retentionHours === 0) {
    return warning('retention', 'tasks are kept for ever, so the store only grows; set --retention-hours');
  }
  const events = maxEventsPerTask === 0 ? 'all its events' : `at most ${maxEventsPerTask} of its events`;
  return good('retention', `a task for ${retentionHours} hours after its last event, ${events}`);
}

function describeStore(driver: string, { facts }: StoreReader): Finding {
  const { version, currentVersion, isInUse } = facts;
  const owner = isInUse === true ? '; a server has it open' : '';
  const old = version < currentVersion ? `; the server brings it to ${currentVersion} when it starts` : '';
  return good('store', `${driver}, format ${version}${old}${owner}`);
}

async function checkRoom(path: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(dirname(resolve(path)));
  const bytes = bavail * bsize;
  const text = `${(bytes / 1024 ** 3).toFixed(1)} GiB are free`;
  if (bytes >= LITTLE_ROOM_BYTES) return good('disk', text);
  return warning('disk', `only ${text}; a full disk refuses emits with STORE_FULL: make room`);
}

async function* walk(reader: StoreReader, derived: ReadonlySet<string>, io: CliIo): AsyncGenerator<Finding, void> {
  const verdict = await verifyWithProgress(reader, io);
  if (verdict === undefined) {
    yield failed('events', EXIT.interrupted, 'interrupted; what was looked at until then is not judged');
    return;
  }
  const { tasks, events, observations, damage, damageCount } = verdict;
  for (const what of damage) yield failed('events', EXIT.storeCorrupt, `${what}; ${RESTORE}`);
  const unnamed = damageCount - damage.length;
  if (unnamed > 0) yield failed('events', EXIT.storeCorrupt, `… and ${unnamed} more`);
  for (const what of damage.length === 0 ? derived : []) {
    const advice = 'a server makes it again from its events, but look after the disk';
    yield failed('progress', EXIT.storeCorrupt, `${what} is not what was stored; ${advice}`);
  }
  if (damageCount > 0) return;
  yield good('events', `${events} of ${tasks} tasks, and ${observations} observations: every hash holds`);
}

/** @returns undefined when the user interrupted it. */
async function verifyWithProgress(
  reader: StoreReader,
  io: CliIo,
): Promise<Awaited<ReturnType<typeof verifyStore>> | undefined> {
  // A measure only: where it cannot be had, the walk tells why.
  const size = await reader.size().catch(() => undefined);
  using line = createProgressLine({ io, total: size?.events });
  try {
    return await verifyStore(reader, { signal: io.signal, onProgress: ({ events }) => line.update(events) });
  } catch (error) {
    if (io.signal.aborted) return undefined;
    throw error;
  }
}

function toFinding(error: unknown, driver: string): Finding {
  if (error instanceof StoreCorruptError) {
    return failed('store', EXIT.storeCorrupt, `${driver} is damaged (${error.what}); ${RESTORE}`);
  }
  // The log's own class, told by its name: the command line knows no part of the log.
  const isUnusable = error instanceof Error && error.name === 'StoreUnusableError';
  if (!isUnusable && !(error instanceof DrumlineError)) throw error;
  return failed('store', EXIT.unavailable, `${error.message}; correct --store, or what it names`);
}
