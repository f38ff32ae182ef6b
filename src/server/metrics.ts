/**
 * What the operator sees, in the format of Prometheus, on a port of its own: who may read GraphQL need not read this.
 * Hot paths only add to plain numbers here; what they mean is worked out when somebody asks.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { DrumlineError } from '../domain/errors.ts';
import type { AppendResult, EventVerbs } from '../manager/event-manager.ts';
import type { LimitName } from './limits.ts';

/** What is alive when somebody asks. */
export interface LiveFigures {
  readonly followers: number;
  readonly sockets: number;
  readonly streams: number;
  readonly missedNotices: number;
  readonly pendingEvents: number;
}

export interface Metrics extends Disposable {
  /** Added to for each result that is handed to a watcher's transport. */
  readonly traffic: { deliveries: number };
  refused(limit: LimitName): void;
  /** The first watcher got an event that was recorded then, in milliseconds since 1970. */
  delivered(recordedAt: number): void;
  gap(reason: string): void;
  /** The manager with what goes through it counted and timed. */
  measure(manager: EventVerbs): EventVerbs;
  /** Everything, as Prometheus reads it. */
  read(live: LiveFigures): Promise<string>;
}

/** Seconds. A commit is between a tenth of a millisecond and the patience of a caller. */
const BUCKETS: readonly number[] = Object.freeze([
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
]);

export function createMetrics(): Metrics {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> => new Counter({ name: `drumline_${name}`, help, labelNames, registers });
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: Label[] = []): Gauge<Label> =>
    new Gauge({ name: `drumline_${name}`, help, labelNames, registers });

  const emits = counter('emits_total', 'Events that were handed in, by what became of them', ['outcome']);
  const appends = new Histogram({
    name: 'drumline_append_seconds',
    help: 'From an emit handed to the log until it is durable',
    buckets: [...BUCKETS],
    registers,
  });
  const lag = new Histogram({
    name: 'drumline_delivery_lag_seconds',
    help: 'From an event recorded until it is written for its first watcher',
    buckets: [...BUCKETS],
    registers,
  });
  const gaps = counter('gaps_total', 'Streams that were told of a gap', ['reason']);
  const refusals = counter('refusals_total', 'What was refused by a limit', ['limit']);
  const deliveries = counter('deliveries_total', 'Results that were handed to watchers');
  const missed = counter('wakeup_missed_total', 'Changes of watched tasks that no notice told of');
  const watchers = gauge('watchers', 'Streams and callbacks that wait for news');
  const connections = gauge('connections', 'Connections that stay', ['kind']);
  const pending = gauge('pending_events', 'Events that wait for the log');
  const loop = gauge('event_loop_delay_seconds', 'How late the process is, since this was last asked', ['quantile']);
  const memory = gauge('resident_memory_bytes', 'Memory of the process');

  const traffic = { deliveries: 0 };
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();

  async function count(append: () => Promise<readonly AppendResult[]>, events: number): Promise<void> {
    const end = appends.startTimer();
    try {
      const results = await append();
      end();
      const duplicates = results.filter(({ duplicate }) => duplicate).length;
      if (duplicates > 0) emits.inc({ outcome: 'duplicate' }, duplicates);
      if (results.length > duplicates) emits.inc({ outcome: 'recorded' }, results.length - duplicates);
    } catch (error) {
      emits.inc({ outcome: error instanceof DrumlineError ? error.code : 'INTERNAL_SERVER_ERROR' }, events);
    }
  }

  return {
    traffic,
    refused: (limit) => refusals.inc({ limit }),
    delivered: (recordedAt) => lag.observe(Math.max(0, Date.now() - recordedAt) / 1_000),
    gap: (reason) => gaps.inc({ reason }),
    measure(manager) {
      const one = (emitting: Promise<AppendResult>): Promise<AppendResult> => {
        void count(async () => [await emitting], 1);
        return emitting;
      };
      const many = (emitting: Promise<readonly AppendResult[]>, events: number): Promise<readonly AppendResult[]> => {
        void count(() => emitting, events);
        return emitting;
      };
      return {
        ...manager,
        emit: (input) => one(manager.emit(input)),
        emitMany: (inputs) => many(manager.emitMany(inputs), inputs.length),
        emitParsed: (event) => one(manager.emitParsed(event)),
        emitManyParsed: (events) => many(manager.emitManyParsed(events), events.length),
      };
    },
    async read(live) {
      deliveries.reset();
      deliveries.inc(traffic.deliveries);
      missed.reset();
      missed.inc(live.missedNotices);
      watchers.set(live.followers);
      connections.set({ kind: 'websocket' }, live.sockets);
      connections.set({ kind: 'event_stream' }, live.streams);
      pending.set(live.pendingEvents);
      for (const quantile of [0.5, 0.99])
        loop.set({ quantile: String(quantile) }, delay.percentile(100 * quantile) / 1e9);
      delay.reset();
      memory.set(process.memoryUsage.rss());
      return registry.metrics();
    },
    [Symbol.dispose]: () => void delay.disable(),
  };
}

export interface MetricsServer extends AsyncDisposable {
  readonly url: string;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly read: () => Promise<string>;
}

/** `/metrics`, and nothing else. @throws when the address cannot be had. */
export async function openMetricsServer({ host, port, read }: MetricsServerOptions): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics' || request.method !== 'GET') {
      response.writeHead(404).end();
      return;
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port }, resolve);
  });
  const { address, family, port: bound } = server.address() as AddressInfo;
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${bound}/metrics`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
