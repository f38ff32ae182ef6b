/**
 * What a client may learn of an error: the code and message of an error that it can act on; of anything else only
 * that something went wrong, while the operator's log has the rest. One function for every transport.
 */
import {
  BREAK,
  GraphQLError,
  parse,
  visit,
  type ASTNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLFormattedError,
  type Source,
} from 'graphql';
import { DrumlineError, StoreCorruptError, type ErrorCode, type InputIssue } from '../domain/errors.ts';
import type { Logger } from './logger.ts';

type Path = readonly (string | number)[];

export type MaskError = (error: unknown) => GraphQLError;

export function createErrorMask(logger: Logger): MaskError {
  const variablePaths = createVariablePaths();
  return (error) => {
    const cause = rootCause(error);
    const at = error instanceof GraphQLError ? error : undefined;
    if (cause instanceof DrumlineError) {
      if (cause instanceof StoreCorruptError) logger.error({ err: cause, what: cause.what }, 'stored data is damaged');
      else if (cause.cause !== undefined) logger.error({ err: cause }, 'an operation failed');
      return graphqlError(cause.message, at, cause.extensions);
    }
    const known = cause instanceof GraphQLError ? maskGraphqlError(cause, at ?? cause, variablePaths) : undefined;
    if (known !== undefined) return known;
    logger.error({ err: cause }, 'unexpected error');
    return graphqlError('Unexpected error.', at, { code: 'INTERNAL_SERVER_ERROR' });
  };
}

/**
 * An error of the request as a whole: answered 400 over HTTP. The legacy media type `application/json` has 200 for a
 * well-formed request whose document is wrong; `spec` tells Yoga that this is one.
 */
export function requestError(
  code: ErrorCode,
  message: string,
  extensions: object = {},
  at?: GraphQLError,
): GraphQLError {
  return graphqlError(message, at, { ...extensions, code, http: { spec: code !== 'BAD_REQUEST', status: 400 } });
}

/** As sent over a transport that has no status: without what was meant for HTTP. */
export function toPayload(error: GraphQLError): GraphQLFormattedError {
  const { extensions, ...rest } = error.toJSON();
  if (extensions === undefined) return rest;
  const { http: _http, ...shown } = extensions;
  return { ...rest, extensions: shown };
}

export function maskResult(result: ExecutionResult, mask: MaskError): ExecutionResult {
  return result.errors === undefined ? result : { ...result, errors: result.errors.map(mask) };
}

/** Where in the document's arguments a value stands: `["input", "progress"]`, or list indices. */
export function argumentPath(document: DocumentNode, value: ASTNode | undefined): Path {
  let found: Path = [];
  visit(document, {
    enter(...[node, , parent, , ancestors]) {
      if (node !== value) return undefined;
      found = pathAlong([...ancestors, parent, node]);
      return BREAK;
    },
  });
  return found;
}

/** @param chain from the document down to a value. */
function pathAlong(chain: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  for (const [index, step] of chain.entries()) {
    if (Array.isArray(step)) {
      const list = chain[index - 1];
      const member = chain[index + 1];
      if (isNode(list) && list.kind === 'ListValue') path.push(step.findIndex((item) => item === member));
    } else if (isNode(step) && (step.kind === 'Argument' || step.kind === 'ObjectField')) {
      path.push(step.name.value);
    }
  }
  return path;
}

const COERCION = /^(?:Variable "\$(\w+)"|Argument "[\w.]+\((\w+):\)") has invalid value(?: at (\S+))?: ([\s\S]*)$/;

/** @returns undefined for what is a fault of ours: a value that does not fit the type of its field. */
function maskGraphqlError(
  cause: GraphQLError,
  at: GraphQLError,
  variablePaths: VariablePaths,
): GraphQLError | undefined {
  if (typeof cause.extensions['code'] === 'string') return graphqlError(cause.message, at, cause.extensions);
  const coercion = COERCION.exec(at.message);
  if (coercion === null) return at.path === undefined ? requestError('BAD_REQUEST', at.message, {}, at) : undefined;
  const [, variable, argument = '', place = '', message = ''] = coercion;
  const start = variable === undefined ? [argument] : (variablePaths(at.source).get(variable) ?? [variable]);
  const issue: InputIssue = { path: [...start, ...parsePlace(place)], message };
  return requestError('BAD_USER_INPUT', at.message, { issues: [issue] }, at);
}

type VariablePaths = (source: Source | undefined) => ReadonlyMap<string, Path>;

/**
 * Where each variable goes: callers know arguments, not what their document calls its variables. One request may have
 * many variables that are wrong, so a document is read again once, not for each of them.
 */
function createVariablePaths(): VariablePaths {
  const known = new WeakMap<Source, ReadonlyMap<string, Path>>();
  return (source) => {
    if (source === undefined) return new Map();
    const paths = known.get(source) ?? findVariablePaths(parse(source));
    known.set(source, paths);
    return paths;
  };
}

function findVariablePaths(document: DocumentNode): ReadonlyMap<string, Path> {
  const paths = new Map<string, Path>();
  visit(document, {
    VariableDefinition: () => false,
    Variable(...[node, , parent, , ancestors]) {
      if (!paths.has(node.name.value)) paths.set(node.name.value, pathAlong([...ancestors, parent, node]));
    },
  });
  return paths;
}

/** `.inputs[3].progress` as `["inputs", 3, "progress"]`. */
function parsePlace(place: string): (string | number)[] {
  return Array.from(place.matchAll(/\.(\w+)|\[(\d+)\]/g), ([, key, index]) => key ?? Number(index));
}

function graphqlError(message: string, at: GraphQLError | undefined, extensions: object): GraphQLError {
  return new GraphQLError(message, {
    nodes: at?.nodes ?? null,
    source: at?.source ?? null,
    positions: at?.positions ?? null,
    path: at?.path ?? null,
    extensions: { ...extensions },
  });
}

/** graphql-js wraps what a resolver threw; the innermost error says what happened. */
function rootCause(error: unknown): unknown {
  let innermost = error;
  while (innermost instanceof GraphQLError && innermost.cause !== undefined) innermost = innermost.cause;
  return innermost;
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
