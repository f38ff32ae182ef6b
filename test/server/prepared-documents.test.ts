import { getOperationAST, parse } from 'graphql';
import { expect, test } from 'vitest';
import { createPreparedDocuments, type PreparedDocument } from '../../src/server/prepared-documents.ts';

function prepared(text: string): PreparedDocument {
  const document = parse(text);
  const operation = getOperationAST(document);
  if (operation == null) throw new Error('no operation');
  return { document, operation, shortWay: undefined };
}

test('a document is found by its text and operation, and never by what only reads alike', () => {
  const documents = createPreparedDocuments();
  const text = 'query\n($a: Int) { a(b: $a) }';
  documents.set(text, undefined, prepared(text));
  expect(documents.get(text, undefined)).toBeDefined();
  expect(documents.get('($a: Int) { a(b: $a) }', 'query')).toBeUndefined();
  expect(documents.get(text, 'query')).toBeUndefined();
  expect(documents.get(text, '')).toBeUndefined();
});

test('thousands of documents leave the latest', () => {
  const documents = createPreparedDocuments();
  const one = prepared('{ a }');
  for (let count = 0; count < 5_000; count += 1) documents.set(`{ a${count} }`, undefined, one);
  expect(documents.get('{ a0 }', undefined)).toBeUndefined();
  expect(documents.get('{ a4999 }', undefined)).toBe(one);
});
