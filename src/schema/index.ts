/** The schema: importing this directory's roots registers every type that is reachable from them. */
import type { GraphQLSchema } from 'graphql';
import { builder } from './builder.ts';
import './mutation.ts';
import './query.ts';
import './scalars.ts';
import './subscription.ts';

/** In the order in which the files say things, which reads better than the alphabet's. */
export function createSchema(): GraphQLSchema {
  return builder.toSchema({ sortSchema: false });
}
