/** Results of our own documents, whose types are generated from the schema that the server prints. */
import { toOperationFailedError } from './errors.ts';
import type { StreamResult } from './transport.ts';

/** The one root field of a result. Throws `OperationFailedError` when a part of it failed: we select nothing that may. */
export function readField<Data, Name extends keyof Data>(result: StreamResult, name: Name): Data[Name] {
  if (result.errors !== undefined) throw toOperationFailedError(result.errors);
  // The one place where a server is trusted to keep to its schema.
  return (result.data as Data)[name];
}
