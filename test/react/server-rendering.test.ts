/** On a server the hooks show that nothing is known yet, and connect to nothing. */
import { createElement as h, StrictMode } from 'react';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import { createConnection, type Connection } from '../../src/client/index.ts';
import { DrumlineProvider, useTaskComponent } from '../../src/react/index.ts';
import { Said, Story, story } from './harness.ts';

const EMPTY = {
  taskId: 't',
  events: [],
  hasEnded: false,
  board: [],
  connection: 'idle',
};

function shownIn(html: string): unknown {
  return JSON.parse(html.replaceAll('&quot;', '"').replaceAll(/<[^>]*>/g, ''));
}

test('with a URL that only a page could make whole', () => {
  expect(shownIn(renderToString(story({ url: '/graphql', taskId: 't' })))).toEqual(EMPTY);
});

test('with a connection, which is not even looked at', () => {
  using connection = createConnection({ url: 'http://127.0.0.1:4000/graphql' });
  let looks = 0;
  const watched: Connection = {
    ...connection,
    get transport() {
      looks += 1;
      return connection.transport;
    },
  };
  const element = h(StrictMode, {}, h(DrumlineProvider, { connection: watched }, h(Story, { taskId: 't' })));
  expect(shownIn(renderToString(element))).toEqual(EMPTY);
  expect(looks).toBe(0);
});

test('a component is not there yet', () => {
  function Row() {
    return useTaskComponent('t', 'camina') === undefined ? 'nothing' : 'something';
  }
  expect(renderToString(h(DrumlineProvider, { url: '/graphql' }, h(Row)))).toBe('nothing');
});

test('nothing was said yet', () => {
  const html = renderToString(h(DrumlineProvider, { url: '/graphql' }, h(Said, { taskId: 't' })));
  expect(shownIn(html)).toEqual({ ofTask: [], ofAll: [], dropped: 0 });
});

test('without a provider above them the hooks say so', () => {
  expect(() => renderToString(h(Story, { taskId: 't' }))).toThrow(/DrumlineProvider/);
});
