/**
 * What a notice takes at least: from one connection of this process, by way of the server, to another. At the pace of
 * the events: processes that rest in between take several times as long as those that never do.
 */
import { createClient } from '@redis/client';
import { Client } from 'pg';
import type { Services } from '../lib/recipes.ts';
import { spreadOf } from '../lib/stats.ts';
import type { Metrics } from './job.ts';
import { paced } from './pace.ts';

export interface Pace {
  readonly everyMs: number;
  readonly times: number;
}

export async function roundTrips({ postgres, redis }: Services, pace: Pace): Promise<Metrics> {
  return {
    ...(postgres === undefined ? {} : { notifyMs: await notifyMs(postgres, pace) }),
    ...(redis === undefined ? {} : { publishMs: await publishMs(redis, pace) }),
  };
}

async function notifyMs(url: string, pace: Pace): Promise<number> {
  const [listener, sender] = [new Client(url), new Client(url)];
  await Promise.all([listener.connect(), sender.connect()]);
  let heard = (): void => undefined;
  listener.on('notification', () => heard());
  await listener.query('LISTEN round_trip');
  const took = await timeEach(pace, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.all([promise, sender.query("NOTIFY round_trip, 'a'")]);
  });
  await Promise.all([listener.end(), sender.end()]);
  return took;
}

async function publishMs(url: string, pace: Pace): Promise<number> {
  const [listener, sender] = [createClient({ url }), createClient({ url })];
  await Promise.all([listener.connect(), sender.connect()]);
  let heard = (): void => undefined;
  await listener.subscribe('round trip', () => heard());
  const took = await timeEach(pace, async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    heard = resolve;
    await Promise.all([promise, sender.publish('round trip', 'a')]);
  });
  await Promise.all([listener.close(), sender.close()]);
  return took;
}

/** @returns the median, in milliseconds. */
async function timeEach({ everyMs, times }: Pace, roundTrip: () => Promise<void>): Promise<number> {
  const took: number[] = [];
  await paced(everyMs, times, async () => {
    const since = performance.now();
    await roundTrip();
    took.push(performance.now() - since);
  });
  return spreadOf(took).median;
}
