/** A link: up when its echo comes back, given up when it does not, and nothing stays open behind it. */
import { expect, test } from 'vitest';
import {
  BusLinkError,
  createLink,
  type Connection,
  type ConnectionEvents,
  type LinkOptions,
} from '../../src/bus/link.ts';
import { waitFor } from '../support/wait-for.ts';

interface Fake {
  readonly events: ConnectionEvents;
  readonly sent: string[];
  isClosed: boolean;
}

function openLink(options: Partial<LinkOptions> & { readonly answers?: () => boolean; readonly late?: Promise<void> }) {
  const { answers = () => true, late, ...rest } = options;
  const fakes: Fake[] = [];
  const seen: string[] = [];
  const link = createLink({
    async connect(events): Promise<Connection> {
      await late;
      const fake: Fake = { events, sent: [], isClosed: false };
      fakes.push(fake);
      return {
        async send(frames) {
          fake.sent.push(...frames);
          if (answers()) for (const text of frames) queueMicrotask(() => events.onText(text));
        },
        close: () => void (fake.isClosed = true),
      };
    },
    explain: (error) => new BusLinkError(`explained: ${String(error)}`),
    echo: 'echo',
    onText: (text) => text === 'echo',
    onUp: () => seen.push('up'),
    onDown: (_, wasUp) => seen.push(wasUp ? 'down' : 'failed'),
    random: () => 0,
    connectMs: 50,
    echoMs: 30,
    ...rest,
  });
  const until = (condition: () => boolean, what: string): Promise<unknown> =>
    waitFor(condition, { withinMs: 5_000, what });
  return { link, fakes, seen, until };
}

test('it is up once its echo came back, and start says so', async () => {
  const { link, seen } = openLink({});
  expect(await link.start()).toBeUndefined();
  expect({ isUp: link.isUp, seen }).toEqual({ isUp: true, seen: ['up'] });
  await link.stop();
  expect({ isUp: link.isUp, seen }).toEqual({ isUp: false, seen: ['up'] });
});

test('a connection that brings nothing back is never up, and is closed', async () => {
  const { link, fakes, seen, until } = openLink({ answers: () => false });
  expect(await link.start()).toMatchObject({ code: 'BUS_LINK' });
  await until(() => fakes.length >= 2, 'another try');
  expect(fakes[0]?.isClosed).toBe(true);
  expect(seen[0]).toBe('failed');
  await link.stop();
  expect(fakes.every(({ isClosed }) => isClosed)).toBe(true);
});

test('one that falls silent is given up, and made anew', async () => {
  let answers = true;
  const { link, fakes, seen, until } = openLink({ answers: () => answers });
  await link.start();
  answers = false;
  await until(() => seen.includes('down'), 'the break');
  answers = true;
  await until(() => link.isUp, 'the next');
  expect(fakes[0]?.isClosed).toBe(true);
  expect(seen.at(-1)).toBe('up');
  await link.stop();
});

test('one that is lost is made anew at once', async () => {
  const { link, fakes, until } = openLink({ echoMs: 3_600_000 });
  await link.start();
  fakes[0]?.events.onLost(new Error('reset'));
  await until(() => fakes.length === 2 && link.isUp, 'the next');
  await link.stop();
});

test('one that is ready when nobody waits any more is closed', async () => {
  const late = Promise.withResolvers<void>();
  const { link, fakes, until } = openLink({ late: late.promise });
  const starting = link.start();
  await link.stop();
  await starting;
  late.resolve();
  await until(() => fakes.every(({ isClosed }) => isClosed) && fakes.length > 0, 'it to be closed');
});

test('what a connection that was given up still brings is not handed on', async () => {
  const texts: string[] = [];
  const { link, fakes } = openLink({ onText: (text) => texts.push(text) > 0 });
  await link.start();
  await link.stop();
  fakes[0]?.events.onText('late');
  expect(texts).toEqual(['echo']);
});

test('errors of making, losing and sending are all explained', async () => {
  const troubles: string[] = [];
  const failures = ['connect', 'send'];
  const connections: ConnectionEvents[] = [];
  const { link, until } = openLink({
    async connect(events) {
      if (failures[0] === 'connect') throw new Error(failures.shift());
      connections.push(events);
      return {
        async send() {
          if (failures[0] === 'send') throw new Error(failures.shift());
          queueMicrotask(() => events.onText('echo'));
        },
        close: () => undefined,
      };
    },
    onDown: ({ message }) => troubles.push(message),
  });
  await link.start();
  await until(() => link.isUp, 'the third try');
  failures.push('send');
  await expect(link.send(['x'])).rejects.toThrow('explained: Error: send');
  connections.at(-1)?.onLost(new Error('lost'));
  await until(() => troubles.length === 3, 'the loss');
  await link.stop();
  expect(troubles).toEqual(['connect', 'send', 'lost'].map((what) => `explained: Error: ${what}`));
});

test('what is sent while it is down is refused', async () => {
  const { link } = openLink({});
  await expect(link.send(['x'])).rejects.toMatchObject({ code: 'BUS_LINK' });
});
