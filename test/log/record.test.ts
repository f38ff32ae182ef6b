/** Records and fingerprints: texts that never change, pinned, so that old logs keep their hashes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NewEvent, TaskEvent } from '../../src/domain/event.ts';
import {
  eventRecord,
  fingerprint,
  genesisRecord,
  nextHash,
  observationRecord,
  ownInput,
  parseEvent,
  parseGenesis,
  parseObservation,
  recordEvent,
  sameFingerprint,
  toEvent,
} from '../../src/log/record.ts';
import { newEvent } from '../../src/conformance/event-log/support.ts';

const EVENT: TaskEvent = {
  taskId: 't',
  seq: 1,
  eventId: 'e',
  eventType: 'warning',
  timestamp: 5,
  recordedAt: 6,
  component: 'c',
  stage: 'review',
  message: 'm\u0000\ud800',
  details: { b: 1, a: [null] },
  progress: 0.5,
  estimatedTimeRemaining: 'soon',
  hash: '0123456789abcdef',
  previousHash: 'fedcba9876543210',
};

test('the record of an event is this text, in whatever order its fields were given', () => {
  const text =
    '{"taskId":"t","seq":1,"eventId":"e","eventType":"warning","timestamp":5,"recordedAt":6,"component":"c",' +
    '"stage":"review","message":"m\\u0000\\ud800","details":{"b":1,"a":[null]},"progress":0.5,' +
    '"estimatedTimeRemaining":"soon"}';
  expect(eventRecord(EVENT)).toBe(text);
  const reversed = Object.fromEntries(Object.entries(EVENT).toReversed()) as unknown as TaskEvent;
  expect(eventRecord(reversed)).toBe(text);
  expect(parseEvent({ record: text, hash: EVENT.hash, previousHash: EVENT.previousHash })).toEqual(EVENT);
});

test('an event as it is handed out when it was recorded is, key by key, what its record says', () => {
  const Input = fc.record(
    {
      timestamp: fc.option(fc.integer(), { nil: undefined }),
      message: fc.string({ unit: 'binary' }),
      details: fc.option(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), { nil: undefined }),
      progress: fc.constantFrom(undefined, 0, -0, 0.1, 1),
      estimatedTimeRemaining: fc.constantFrom(undefined, '', 'soon'),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(Input, (given) => {
      const input = newEvent({ eventId: 'e', ...(given as Partial<NewEvent>) });
      const place = { seq: 3, recordedAt: 7, previousHash: 'before' };
      const { event, record } = recordEvent(input, place);
      const parsed = parseEvent({ record, hash: nextHash('before', record), previousHash: 'before' });
      for (const one of [event, toEvent(ownInput(input), { ...place, hash: event.hash })]) {
        expect(JSON.stringify(one)).toBe(JSON.stringify(parsed));
        expect(Object.keys(one)).toEqual(Object.keys(parsed));
        expect(Object.is(one.progress, -0)).toBe(false);
      }
      expect(eventRecord(event)).toBe(record);
    }),
  );
});

test('what was left out of an event is not in its record', () => {
  const { details: _details, progress: _progress, estimatedTimeRemaining: _estimate, ...least } = EVENT;
  expect(Object.keys(JSON.parse(eventRecord(least)) as object)).toHaveLength(9);
  expect(eventRecord({ ...least, details: undefined })).toBe(eventRecord(least));
});

test('genesis and observation come back from their records', () => {
  const genesis = { logId: 'l', taskId: 't', title: '\ud800', labels: ['a'], createdAt: 2, startedAt: 1 };
  expect(parseGenesis(genesisRecord(genesis))).toEqual(genesis);
  const { hash, ...observation } = {
    id: 'o',
    seq: 1,
    timestamp: 1,
    recordedAt: 2,
    content: 'c',
    metadata: {},
    hash: 'h',
  };
  expect(parseObservation({ record: observationRecord(observation), hash })).toEqual({ ...observation, hash });
});

test('the running hash is the first 8 bytes of SHA-256 over the hash before and the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: 'binary' }), (before, text) => {
      const expected = createHash('sha256')
        .update(before + text)
        .digest('hex')
        .slice(0, 16);
      expect(nextHash(before, text)).toBe(expected);
    }),
  );
  expect(nextHash('', '')).toBe('e3b0c44298fc1c14');
});

test('a fingerprint depends on the content, not on the order of its keys', () => {
  const content = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 6, noNullPrototype: true });
  fc.assert(
    fc.property(content, (details) => {
      // Values that the edge refuses are not asked about.
      const plain = JSON.parse(JSON.stringify(details)) as Record<string, never>;
      const reversed = Object.fromEntries(Object.entries(plain).toReversed());
      const one = fingerprint(newEvent({ eventId: 'e', details: plain }));
      expect(fingerprint(newEvent({ eventId: 'e', details: reversed }))).toBe(one);
      expect(fingerprint(newEvent({ eventId: 'e', details: { ...plain, extra: 1, other: 2 } }))).not.toBe(one);
    }),
  );
  expect.hasAssertions();
});

test.each([
  [undefined, undefined, true],
  [undefined, 5, true],
  [5, undefined, true],
  [5, 5, true],
  [5, 6, false],
  [-1, 1, false],
  [0, undefined, true],
])('timestamps %s and %s of one content are the same: %s', (one, other, expected) => {
  const [first, second] = [one, other].map((timestamp) => fingerprint(newEvent({ eventId: 'e', timestamp })));
  expect(sameFingerprint(first ?? '', second ?? '')).toBe(expected);
  expect(sameFingerprint(first ?? '', fingerprint(newEvent({ eventId: 'e', message: 'other' })))).toBe(false);
});

test('plain Node loads it, and makes the same fingerprint', () => {
  const script = `import { fingerprint } from ${JSON.stringify(new URL('../../src/log/record.ts', import.meta.url).href)};
    process.stdout.write(fingerprint(${JSON.stringify(newEvent({ eventId: 'e', details: { b: 1, a: 2 } }))}));`;
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  expect(printed).toBe(fingerprint(newEvent({ eventId: 'e', details: { a: 2, b: 1 } })));
});
