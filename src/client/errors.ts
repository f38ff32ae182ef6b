/**
 * What can go wrong between a client and the server, told apart by what the caller can do about it: the server
 * answered no (`OperationFailedError`, with the server's code), or no answer came (`ConnectionFailedError`).
 */

/** One thing that is wrong with an input; `path` walks from the operation's argument, e.g. `inputs, 3, progress`. */
export interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** One error as GraphQL words it. */
export interface ResponseError {
  readonly message: string;
  readonly extensions?: Record<string, unknown>;
}

/** The server answered with an error. `code` is its `extensions.code`; new codes may come. */
export class OperationFailedError extends Error {
  override readonly name = 'OperationFailedError';
  readonly code: string;
  readonly issues: readonly Issue[];
  /** The answer's errors as they came: the first of them is this one. */
  readonly errors: readonly ResponseError[];

  /** Whether the server named it. A gateway in its place names nothing. */
  get hasCode(): boolean {
    return typeof field(field(this.errors[0], 'extensions'), 'code') === 'string';
  }

  /** How long the server asks to be left alone. */
  get retryAfterMs(): number | undefined {
    const value = field(field(this.errors[0], 'extensions'), 'retryAfterMs');
    return typeof value === 'number' ? value : undefined;
  }

  constructor(code: string, message: string, issues: readonly Issue[] = [], errors: readonly ResponseError[] = []) {
    super(message);
    this.code = code;
    this.issues = issues;
    this.errors = errors;
  }
}

/** No answer came: the server is not there, the connection broke, or it was closed. */
export class ConnectionFailedError extends Error {
  override readonly name = 'ConnectionFailedError';
  readonly code = 'CONNECTION_FAILED';
  /** The WebSocket's close code or the HTTP status, where one came. */
  readonly status: number | undefined;
  /** How long who answered asks to be left alone, by `Retry-After`. */
  readonly retryAfterMs: number | undefined;

  constructor(
    message: string,
    options: ErrorOptions & { readonly status?: number | undefined; readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(message, options);
    this.status = options.status;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A connection was asked for something after its owner had closed it. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';
  readonly code = 'CONNECTION_CLOSED';

  constructor() {
    super('The connection was closed.');
  }
}

/** Codes that say "not now" rather than "no". */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'SHUTTING_DOWN',
  'STORE_UNAVAILABLE',
  'STORE_FULL',
  'RATE_LIMITED',
  'OVERLOADED',
]);

/** HTTP statuses that say "not now". Other ones of 400 to 499 will say the same again. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Close codes after which trying the same again cannot help (graphql-transport-ws, and RFC 6455 below 2000). */
const FINAL_CLOSE_CODES: ReadonlySet<number> = new Set([
  1002, 1003, 1007, 1008, 1009, 1010, 1015, 4004, 4005, 4400, 4401, 4406, 4409, 4429,
]);

/** Whether the same request may succeed later. */
export function isPassing(error: unknown): boolean {
  if (error instanceof OperationFailedError) return PASSING_CODES.has(error.code);
  return error instanceof ConnectionFailedError && (error.status === undefined || isPassingStatus(error.status));
}

/** Whether who asks was refused, not what is asked: with other credentials it may be granted. */
export function isAboutCaller(error: unknown): boolean {
  if (error instanceof OperationFailedError) return /^(?:UNAUTHENTICATED$|TOKEN_)/.test(error.code);
  return error instanceof ConnectionFailedError && error.status === 4401;
}

/** How long the server asks to be left alone. */
export function retryAfterMsOf(error: unknown): number | undefined {
  return error instanceof OperationFailedError || error instanceof ConnectionFailedError
    ? error.retryAfterMs
    : undefined;
}

function isPassingStatus(status: number): boolean {
  if (status >= 400 && status < 500) return PASSING_STATUSES.has(status);
  return !FINAL_CLOSE_CODES.has(status);
}

/** The first of the errors that a GraphQL answer holds, typed. Anything malformed still gives an error. */
export function toOperationFailedError(errors: unknown): OperationFailedError {
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const extensions = field(first, 'extensions');
  const code = field(extensions, 'code');
  const message = field(first, 'message');
  const issues = field(extensions, 'issues');
  return new OperationFailedError(
    typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR',
    typeof message === 'string' ? message : 'The server refused without saying why.',
    Array.isArray(issues) ? issues.flatMap(toIssue) : [],
    Array.isArray(errors) ? errors.filter(isResponseError) : [],
  );
}

function isResponseError(value: unknown): value is ResponseError {
  return typeof field(value, 'message') === 'string';
}

function toIssue(value: unknown): Issue[] {
  const message = field(value, 'message');
  const path = field(value, 'path');
  if (typeof message !== 'string' || !Array.isArray(path)) return [];
  return [{ message, path: path.filter((key) => typeof key === 'string' || typeof key === 'number') }];
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
