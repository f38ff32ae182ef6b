/** What is done to the stage, one after the other: each fault is injected for a while and taken away again. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { injectIntoFlush } from '../support/failing-disk.ts';
import { waitFor } from '../support/wait-for.ts';
import { lasting, type Fault } from './fault.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { fillDisk } from './stage.ts';

export const FAULTS: readonly Fault[] = [
  ...PROCESS_FAULTS,
  {
    name: 'every connection reset',
    async inject({ network }) {
      for (const connection of network.connections()) connection.reset();
    },
  },
  {
    name: 'some connections cut in the middle of a frame',
    async inject({ network }, random) {
      for (const connection of network.connections()) {
        if (random.int(0, 1) === 0) connection.cutMidFrame({ moreBytes: random.int(1, 2_000) });
      }
      await lasting(random, 500, 1_000);
    },
  },
  {
    name: 'connections that carry nothing more and do not say so',
    async inject({ network, light }) {
      for (const connection of network.connections()) connection.halfOpen();
      await delay(500); // For as long as nobody can know.
      // What an operating system tells its programs when the network changed; the others find out by the silence.
      for (const watcher of light) watcher.move();
    },
  },
  {
    name: 'readers that stop reading',
    async inject(stage, random) {
      using _stalled = stage.stalled(20);
      await lasting(random, 1_000, 4_000);
    },
  },
  {
    name: 'a disk that is full',
    unless: ({ smallDisk }) => (smallDisk === undefined ? 'a small disk may not be mounted here' : undefined),
    async inject({ smallDisk = '' }, random) {
      await using _full = await fillDisk(smallDisk);
      await lasting(random, 500, 2_000);
    },
  },
  {
    name: 'a disk that takes two seconds for each flush',
    async inject({ server }, random) {
      await using _slow = await injectIntoFlush(server.pid, 'delay_enter=2000000');
      await lasting(random, 2_000, 5_000);
    },
  },
  {
    name: 'a flush that fails',
    async inject({ server }) {
      const failed = await injectIntoFlush(server.pid, 'error=EIO');
      await waitFor(async () => (await fetch(`${server.origin}/readyz`)).status === 503, {
        withinMs: 15_000,
        what: 'the server to say that it is not ready',
        pollMs: 50,
      });
      await failed[Symbol.asyncDispose]();
      // It accepts nothing more, for nobody knows what is on the disk; a supervisor starts it again.
      await server.kill9();
      await server.restart();
    },
  },
  {
    name: 'no file descriptors left',
    async inject({ server }, random) {
      await limitFiles(server.pid, 40);
      const callers = Array.from({ length: 30 }, () => connect(server.port, '127.0.0.1').on('error', () => undefined));
      await lasting(random, 500, 1_500);
      for (const caller of callers) caller.destroy();
      await limitFiles(server.pid, 20_000);
    },
  },
];

async function limitFiles(pid: number, count: number): Promise<void> {
  await promisify(execFile)('prlimit', ['--pid', String(pid), `--nofile=${count}:20000`]);
}
