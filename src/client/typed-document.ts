/** A document and the types of its data and variables: ours, or what a user's own codegen made. */
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/**
 * Not codegen's own `TypedDocumentString`: that is a class with a private member, so the one in a user's project is
 * another type than ours. Its text is what counts, and the decoration that carries the types.
 */
export type TypedDocument<Data, Variables> = DocumentTypeDecoration<Data, Variables> & { toString(): string };
