/**
 * One execution of a step of a task's stream serves all its watchers. So every field that is reachable from it may
 * depend on the step and its arguments alone: never on who asks, on the moment, or on what the log holds by now.
 */
import {
  executeSubscriptionEvent,
  getNamedType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  parse,
  validateSubscriptionArgs,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';
import { expect, test } from 'vitest';
import type { TaskUpdate } from '../../src/manager/task-updates.ts';
import { createSchema } from '../../src/schema/index.ts';
import { createHarness, emitAll } from './harness.ts';

const schema = createSchema();

/** The types that a selection below this one can reach. */
function reachable(from: GraphQLNamedType, seen = new Map<string, GraphQLNamedType>()): Map<string, GraphQLNamedType> {
  if (seen.has(from.name) || !(isObjectType(from) || isInterfaceType(from))) return seen;
  seen.set(from.name, from);
  for (const field of Object.values(from.getFields())) reachable(getNamedType(field.type), seen);
  if (isInterfaceType(from)) for (const type of schema.getPossibleTypes(from)) reachable(type, seen);
  return seen;
}

function interfaceType(name: string): GraphQLNamedType {
  const type = schema.getType(name);
  if (type === undefined) throw new Error(`no type ${name}`);
  return type;
}

/** A selection of everything, to the bottom. */
function selectAll(whole: GraphQLSchema, type: GraphQLNamedType): string {
  if (!(isObjectType(type) || isInterfaceType(type))) return '';
  const fields = Object.values(type.getFields()).map((field) => {
    expect(field.args.filter(isRequiredArgument)).toEqual([]);
    return `${field.name} ${selectAll(whole, getNamedType(field.type))}`;
  });
  const fragments = isInterfaceType(type)
    ? whole.getPossibleTypes(type).map((possible) => `... on ${possible.name} ${selectAll(whole, possible)}`)
    : [];
  return `{ __typename ${[...fields, ...fragments].join(' ')} }`;
}

test.each(['TaskUpdate', 'ObservationUpdate'])('from a %s no field leads to what may change', (name) => {
  const names = [...reachable(interfaceType(name)).keys()];
  expect(names.length).toBeGreaterThan(4);
  for (const entity of ['Task', 'TaskEventConnection', 'TaskConnection', 'Query']) expect(names).not.toContain(entity);
});

test.each(['TaskUpdate', 'ObservationUpdate'])('from a %s no resolver takes the context', (name) => {
  const resolvers = [...reachable(interfaceType(name)).values()].flatMap((type) =>
    isObjectType(type) || isInterfaceType(type)
      ? Object.values(type.getFields()).map((field) => ({
          field: `${type.name}.${field.name}`,
          resolve: field.resolve,
        }))
      : [],
  );
  expect(resolvers.filter(({ resolve }) => resolve !== undefined && resolve.length > 2)).toEqual([]);
  const root = schema.getSubscriptionType()?.getFields()['taskUpdates'];
  expect(root?.resolve?.length).toBe(1);
});

test('every step is executed whole, twice to the same bytes, with a context that must not be touched', async () => {
  await using harness = createHarness();
  await emitAll(harness, [
    { progress: 0.5, details: { a: 1 }, estimatedTimeRemaining: '2 minutes' },
    { component: 'drummer' },
    { eventType: 'TASK_COMPLETED' },
    { component: 'late' },
  ]);
  const steps: TaskUpdate[] = [];
  for (const options of [{ replay: true }, {}, { replay: true, filter: { components: [] } }]) {
    for await (const step of await harness.manager.taskUpdates({ taskId: 'survey', ...options })) steps.push(step);
  }
  const [first] = steps;
  if (first === undefined) throw new Error('no step');
  steps.push({ kind: 'gap', progress: first.progress, reason: 'expired' });
  steps.push({ kind: 'checkpoint', progress: first.progress });
  expect(new Set(steps.map(({ kind }) => kind)).size).toBe(5);

  const untouchable = new Proxy(
    {},
    {
      get(_target, key) {
        throw new Error(`the context was asked for ${String(key)}`);
      },
    },
  );
  const selection = selectAll(schema, interfaceType('TaskUpdate'));
  const document = parse(`subscription { taskUpdates(taskId: "survey") ${selection} }`);
  const execute = async (rootValue: TaskUpdate): Promise<string> => {
    const args = validateSubscriptionArgs({ schema, document, contextValue: untouchable });
    if (!('schema' in args)) throw new AggregateError(args);
    const { data, errors } = await executeSubscriptionEvent({ ...args, rootValue });
    expect(errors).toBeUndefined();
    return JSON.stringify(data);
  };
  for (const step of steps) expect(await execute(step)).toBe(await execute(step));
});
