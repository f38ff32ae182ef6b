/**
 * What a notice takes at least: from one connection of this process, by way of the server, to another. At the pace of
 * the events: processes that rest in between take several times as long as those that never do.
 */
import { createClient } from '@redis/client';
import { Client } from 'pg';
import type { Services } from '../lib/recipes.ts';
import { spreadOf } from '../lib/stats.ts';
import type { Metrics } from './jobs.ts';
import { paced } from './pace.ts';

const TIMES = 100;

export async function roundTrips({ postgres, redis }: Services, everyMs: number): Promise<Metrics> {
  return {
    ...(postgres === undefined ? {} : { notifyMs: await notifyMs(postgres, everyMs) }),
    ...(redis === undefined ? {} : { publishMs: await publishMs(redis, everyMs) }),
  };
}

async function notifyMs(url: string, everyMs: number): Promise<number> {
  const [listener, sender] = [new Client(url), new Client(url)];
  await Promise.all([listener.connect(), sender.connect()]);
  let heard = (): void => undefined;
  listener.on('notification', () => heard());
  await listener.query('LISTEN round_trip');
  const took = await timeEach(everyMs, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.all([promise, sender.query("NOTIFY round_trip, 'a'")]);
  });
  await Promise.all([listener.end(), sender.end()]);
  return took;
}

async function publishMs(url: string, everyMs: number): Promise<number> {
  const [listener, sender] = [createClient({ url }), createClient({ url })];
  await Promise.all([listener.connect(), sender.connect()]);
  let heard = (): void => undefined;
  await listener.subscribe('round trip', () => heard());
  const took = await timeEach(everyMs, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.all([promise, sender.publish('round trip', 'a')]);
  });
  await Promise.all([listener.close(), sender.close()]);
  return took;
}

/** @returns the median, in milliseconds. */
async function timeEach(everyMs: number, roundTrip: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  await paced(everyMs, TIMES, async () => {
    const since = performance.now();
    await roundTrip();
    took.push(performance.now() - since);
  });
  return spreadOf(took).median;
}
