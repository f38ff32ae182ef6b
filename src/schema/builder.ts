/**
 * The one builder on which every file of this directory registers its types. `createSchema` in `index.ts` turns it
 * into a schema. Fields are non-null unless they say otherwise.
 */
import SchemaBuilder from '@pothos/core';
import type { JsonObject } from '../domain/values.ts';
import type { SchemaContext } from './context.ts';

export const builder = new SchemaBuilder<{
  Context: SchemaContext;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    /** Milliseconds since 1970 inside. Input is what the client sent: the domain parses it. */
    DateTime: { Input: string; Output: number };
    /** Input is what the client sent: the domain parses it. */
    JSONObject: { Input: JsonObject; Output: JsonObject };
  };
}>({ defaultFieldNullability: false });
