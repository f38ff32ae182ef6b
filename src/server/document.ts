/**
 * Documents that cannot hurt: their nesting is measured on tokens before the recursive parser sees them, every error
 * has a code, and a value that does not fit its type is told as bad input with its place, like any other bad value.
 */
import {
  GraphQLError,
  Lexer,
  parse,
  Source,
  specifiedRules,
  TokenKind,
  validate,
  ValuesOfCorrectTypeRule,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { argumentPath, requestError } from './errors.ts';

/** Levels of brackets. Far above what an honest document has, far below what exhausts the parser's stack. */
const MAX_NESTING = 64;

/** What is read is kept for the next time, so its size is bounded. Data belongs into variables, which are not. */
const MAX_CHARACTERS = 128 * 1024;

/** @throws GraphQLError with its code. */
export function parseDocument(text: string): DocumentNode {
  if (text.length > MAX_CHARACTERS) {
    throw requestError('QUERY_TOO_LARGE', `The document is longer than ${MAX_CHARACTERS} characters.`);
  }
  try {
    refuseDeepNesting(text);
    return parse(text);
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    if (error.extensions['code'] !== undefined) throw error;
    throw requestError('GRAPHQL_PARSE_FAILED', error.message, {}, error);
  }
}

export function validateDocument(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[] {
  const structural = validate(schema, document, STRUCTURAL_RULES);
  if (structural.length > 0) {
    return structural.map((error) => requestError('GRAPHQL_VALIDATION_FAILED', error.message, {}, error));
  }
  return validate(schema, document, [ValuesOfCorrectTypeRule]).map((error) => {
    const path = argumentPath(document, error.nodes?.[0]);
    return requestError('BAD_USER_INPUT', error.message, { issues: [{ path, message: error.message }] }, error);
  });
}

const STRUCTURAL_RULES = Object.freeze(specifiedRules.filter((rule) => rule !== ValuesOfCorrectTypeRule));

function refuseDeepNesting(text: string): void {
  const lexer = new Lexer(new Source(text));
  let depth = 0;
  let openArguments = 0;
  for (let token = lexer.advance(); token.kind !== TokenKind.EOF; token = lexer.advance()) {
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

function isOpening(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L;
}

function isClosing(kind: TokenKind): boolean {
  return kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R;
}
