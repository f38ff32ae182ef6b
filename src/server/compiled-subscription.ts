/** A subscription's document, ready for its items: how one is written, if that depends on the item alone. */
import type { ValidatedSubscriptionArgs } from 'graphql';
import type { StreamExtension } from '../schema/context.ts';
import { collectFields, compileSelection, ifPlain, valueResolver, type WriteJson } from './compiled-selection.ts';
import { rootFields } from './sharing-key.ts';

export interface CompiledSubscription {
  /** The whole result of an item, as JSON. Undefined when it depends on more than the item. */
  readonly write: WriteJson | undefined;
  readonly stream: StreamExtension;
}

const PLAIN_STREAM: StreamExtension = Object.freeze({});

export function compileSubscription(args: ValidatedSubscriptionArgs): CompiledSubscription {
  const type = args.schema.getSubscriptionType();
  const name = rootFields(args, args.operation.selectionSet.selections)[0]?.name.value;
  const field = name === undefined ? undefined : type?.getFields()[name];
  const given: unknown = field?.extensions['stream'];
  const stream = isStreamExtension(given) ? given : PLAIN_STREAM;
  return { write: compileResult(args, stream), stream };
}

function compileResult(args: ValidatedSubscriptionArgs, { sharesItems }: StreamExtension): WriteJson | undefined {
  const type = args.schema.getSubscriptionType();
  if (type == null) return undefined;
  return ifPlain(() => {
    const [root, ...others] = collectFields(args, type, args.operation.selectionSet.selections);
    const field = root === undefined ? undefined : type.getFields()[root[1][0]?.name.value ?? ''];
    if (root === undefined || field === undefined || others.length > 0) return undefined;
    const [key, nodes] = root;
    // The arguments of the root say where the source begins; what is made of an item may not ask them.
    const resolve = valueResolver({ name: field.name, args: [], resolve: field.resolve }, 1);
    const write = compileSelection({ ...args, isOwn: sharesItems !== true }, field.type, nodes);
    const start = `{"data":{${JSON.stringify(key)}:`;
    return write === undefined ? undefined : (item: unknown) => `${start}${write(resolve(item))}}}`;
  });
}

function isStreamExtension(value: unknown): value is StreamExtension {
  return typeof value === 'object' && value !== null;
}
