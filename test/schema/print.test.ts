/** The printed schema is the public surface: it is what is committed, it keeps the contract, and it explains itself. */
import { readFileSync } from 'node:fs';
import {
  BreakingChangeType,
  buildSchema,
  DangerousChangeType,
  findSchemaChanges,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isSpecifiedScalarType,
  type GraphQLNamedType,
} from 'graphql';
import { expect, test } from 'vitest';
import { createSchema } from '../../src/schema/index.ts';
import { printedSchema, SCHEMA_FILE } from '../../tools/print-schema.ts';

const contract = buildSchema(readFileSync(new URL('../fixtures/contract.graphql', import.meta.url), 'utf8'));

function isOneOf(words: Readonly<Record<string, string>>, word: string): boolean {
  return Object.values(words).includes(word);
}

test('schema.graphql is what the code says (`npm run schema` writes it)', () => {
  expect(readFileSync(SCHEMA_FILE, 'utf8')).toBe(printedSchema());
});

test('every print is the same', () => {
  expect(printedSchema()).toBe(printedSchema());
});

test('whatever the contract has, the schema has: nothing is removed, renamed or narrowed', () => {
  const changes = findSchemaChanges(contract, createSchema());
  expect(changes.filter(({ type }) => isOneOf(BreakingChangeType, type))).toEqual([]);
});

test('nothing of the contract changes its meaning; only additions are possible', () => {
  const additions: readonly string[] = [
    DangerousChangeType.OPTIONAL_ARG_ADDED,
    DangerousChangeType.OPTIONAL_INPUT_FIELD_ADDED,
  ];
  const dangerous = findSchemaChanges(contract, createSchema()).filter(
    ({ type }) => isOneOf(DangerousChangeType, type) && !additions.includes(type),
  );
  expect(dangerous).toEqual([]);
});

test('a missing field or a narrowed argument would be seen', () => {
  const broken = buildSchema('type Query { task(id: ID!, why: String!): Int }');
  const types = findSchemaChanges(contract, broken).map(({ type }) => type);
  expect(types).toContain(BreakingChangeType.REQUIRED_ARG_ADDED);
  expect(types).toContain(BreakingChangeType.FIELD_REMOVED);
});

test('every type, field, argument, input field and enum value has a description', () => {
  const own = Object.values(createSchema().getTypeMap()).filter(
    (type) => !type.name.startsWith('__') && !isSpecifiedScalarType(type),
  );
  expect(own.length).toBeGreaterThan(30);
  expect(own.flatMap(undescribed)).toEqual([]);
});

function undescribed(type: GraphQLNamedType): readonly string[] {
  const parts: { name: string; description?: string | null | undefined }[] = [
    { name: type.name, description: type.description },
  ];
  if (isObjectType(type) || isInterfaceType(type)) {
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      parts.push({ name, description: field.description });
      for (const arg of field.args) parts.push({ name: `${name}(${arg.name}:)`, description: arg.description });
    }
  } else if (isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      parts.push({ name: `${type.name}.${field.name}`, description: field.description });
    }
  } else if (isEnumType(type)) {
    for (const value of type.getValues()) {
      parts.push({ name: `${type.name}.${value.name}`, description: value.description });
    }
  }
  return parts.filter(({ description }) => description == null || description === '').map(({ name }) => name);
}
