/**
 * Documents that cannot hurt: their nesting is measured on tokens before the recursive parser sees them, every error
 * has a code, and a value that does not fit its type is told as bad input with its place, like any other bad value.
 */
import {
  GraphQLError,
  Lexer,
  NoSchemaIntrospectionCustomRule,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
  ValuesOfCorrectTypeRule,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { checkDocumentLimits, DOCUMENT_LIMITS } from './document-limits.ts';
import { argumentPath, requestError } from './errors.ts';

/** Levels of brackets. Far above what an honest document has, far below what exhausts the parser's stack. */
const MAX_NESTING = 64;

/** Characters that are looked at, token by token. */
const MAX_SCANNED = 128 * 1024;

/** @throws GraphQLError with its code. */
export function parseDocument(text: string): DocumentNode {
  if (text === '') throw noQuery();
  if (text.length > MAX_SCANNED) throw tooLarge(`${DOCUMENT_LIMITS.bytes} bytes`);
  try {
    // First: what is too deep is rather told that than that it is too long.
    measureTokens(text);
    if (Buffer.byteLength(text) > DOCUMENT_LIMITS.bytes) throw tooLarge(`${DOCUMENT_LIMITS.bytes} bytes`);
    const document = parse(text);
    checkDocumentLimits(document);
    return document;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.extensions['code'] !== undefined) throw error;
    throw requestError('GRAPHQL_PARSE_FAILED', error.message, {}, error);
  }
}

export interface ValidationOptions {
  /** Tell nothing of the schema that the caller did not name: no introspection, no suggestions. */
  readonly isDiscreet: boolean;
}

export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  { isDiscreet }: ValidationOptions,
): readonly GraphQLError[] {
  const rules = isDiscreet ? [...STRUCTURAL_RULES, NoSchemaIntrospectionCustomRule] : STRUCTURAL_RULES;
  const options = { hideSuggestions: isDiscreet };
  const structural = validate(schema, document, rules, options);
  if (structural.length > 0) {
    return structural.map((error) => requestError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error));
  }
  return validate(schema, document, [ValuesOfCorrectTypeRule], options).map((error) => {
    const path = argumentPath(document, error.nodes?.[0]);
    return requestError('BAD_USER_INPUT', error.message, { issues: [{ path, message: error.message }] }, error);
  });
}

const STRUCTURAL_RULES = Object.freeze(specifiedRules.filter((rule) => rule !== ValuesOfCorrectTypeRule));

/** Before the recursive parser sees it. */
function measureTokens(text: string): void {
  const lexer = new Lexer(new Source(text));
  let tokens = 0;
  let depth = 0;
  let openArguments = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
    tokens += 1;
    if (tokens > DOCUMENT_LIMITS.tokens) throw tooLarge(`${DOCUMENT_LIMITS.tokens} tokens`);
    if (token.kind === TokenKind.PAREN_L) openArguments += 1;
    if (token.kind === TokenKind.PAREN_R) openArguments -= 1;
    if (isOpening(token.kind)) depth += 1;
    if (isClosing(token.kind)) depth -= 1;
    if (depth <= MAX_NESTING) continue;
    const message = `The document is nested more than ${MAX_NESTING} levels deep.`;
    if (openArguments === 0) throw requestError('QUERY_TOO_DEEP', message);
    throw requestError('BAD_USER_INPUT', message, { issues: [{ path: [], message }] });
  }
}

export function noQuery(): GraphQLError {
  return requestError('BAD_REQUEST', 'The request has no query.');
}

function tooLarge(limit: string): GraphQLError {
  return requestError('QUERY_TOO_LARGE', `The document is longer than ${limit}.`);
}

function isOpening(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L;
}

function isClosing(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R;
}
