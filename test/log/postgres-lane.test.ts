/** What waits for tasks that may be held elsewhere comes back when they are free, and nobody overtakes anybody. */
import { expect, test } from 'vitest';
import { createLane } from '../../src/log/postgres/lane.ts';
import { createRequest, type GroupWriter, type LaneRequest, type Outcome } from '../../src/log/postgres/request.ts';
import type { Session } from '../../src/log/postgres/session.ts';

type Request = LaneRequest<string, string>;

const SESSION: Session = {
  ask: async () => async () => [],
  drop: () => undefined,
  [Symbol.asyncDispose]: async () => undefined,
};

/** A lane whose first transaction is under way until it is let go. */
function openLane() {
  const gate = Promise.withResolvers<void>();
  const written: string[] = [];
  const givenBack: string[] = [];
  const writer: GroupWriter<string, string> = {
    async write(_, group) {
      if (written.length === 0) await gate.promise;
      written.push(...group.map(({ command }) => command));
      return new Map<Request, Outcome<string>>(group.map((request) => [request, { result: request.command }]));
    },
    forget: () => undefined,
  };
  const lane = createLane<string, string>({
    sessions: [SESSION, SESSION],
    writer,
    onWarning: () => undefined,
    giveBack(request) {
      givenBack.push(request.command);
      request.resolve('elsewhere');
      return true;
    },
  });
  const add = (command: string, taskIds: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      lane.add(createRequest({ command, taskIds, records: 1, characters: 1 }, { resolve, reject }));
    });
  return { lane, add, release: gate.resolve, written, givenBack };
}

test('whoever waits for a task that was free after all is given back, in order', async () => {
  const { lane, add, release, written, givenBack } = openLane();
  const first = add('first', ['t']);
  await Promise.resolve();
  const later = [add('second', ['t']), add('third', ['t'])];
  release();
  await Promise.all([first, ...later]);
  expect({ written, givenBack }).toEqual({ written: ['first'], givenBack: ['second', 'third'] });
  expect(lane.has('t')).toBe(false);
  await lane[Symbol.asyncDispose]();
});

test('nobody is given back whom a request for other tasks as well would overtake', async () => {
  const { lane, add, release, written, givenBack } = openLane();
  const first = add('first', ['t']);
  await Promise.resolve();
  const later = [add('second', ['t']), add('of two', ['t', 'u'])];
  release();
  await Promise.all([first, ...later]);
  expect({ written, givenBack }).toEqual({ written: ['first', 'second', 'of two'], givenBack: [] });
  await lane[Symbol.asyncDispose]();
});
