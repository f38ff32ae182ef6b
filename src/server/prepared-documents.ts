/** Documents that were read and checked, by their text: clients send the same few again and again. Bounded in size. */
import type { DocumentNode, OperationDefinitionNode } from 'graphql';
import type { ShortWay } from './short-way.ts';

export interface PreparedDocument {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** Set where it is of a kind that has one. */
  readonly shortWay: ShortWay | undefined;
}

export interface PreparedDocuments {
  get(text: string, operationName: string | undefined): PreparedDocument | undefined;
  set(text: string, operationName: string | undefined, prepared: PreparedDocument): void;
}

const MAX_DOCUMENTS = 1_000;
const MAX_CHARACTERS = 4 * 1024 * 1024;

export function createPreparedDocuments(): PreparedDocuments {
  // In order of use: the first is the one to go.
  const byKey = new Map<string, PreparedDocument>();
  let characters = 0;

  return {
    get(text, operationName) {
      const key = keyOf(text, operationName);
      const known = byKey.get(key);
      if (known === undefined) return undefined;
      byKey.delete(key);
      byKey.set(key, known);
      return known;
    },
    set(text, operationName, prepared) {
      const key = keyOf(text, operationName);
      if (!byKey.has(key)) characters += key.length;
      byKey.set(key, prepared);
      for (const oldest of byKey.keys()) {
        if (byKey.size <= MAX_DOCUMENTS && characters <= MAX_CHARACTERS) break;
        byKey.delete(oldest);
        characters -= oldest.length;
      }
    },
  };
}

/** The name, which may be anything, is quoted: no two requests have one key. */
function keyOf(text: string, operationName: string | undefined): string {
  return `${operationName === undefined ? '' : JSON.stringify(operationName)}\n${text}`;
}
