/**
 * Everything that a caller can act on has a code that never changes and one class here; whatever else goes wrong
 * is a bug and stays a plain `Error`, masked at the edge. The table is the single list of codes: the printed
 * documentation and the tests read it.
 */

/** One thing that is wrong with an input, and where: `path` walks from the operation's argument. */
export interface InputIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Every `extensions.code`, with what it tells the caller. */
export const ERROR_CODES = Object.freeze({
  BAD_USER_INPUT: 'A value is not acceptable; `issues` says which and why. Nothing was stored.',
  BAD_REQUEST: 'The request is not a well-formed GraphQL request.',
  GRAPHQL_PARSE_FAILED: 'The document has a syntax error.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema.',
  OPERATION_RESOLUTION_FAILURE: 'The operation to run cannot be told from the request.',
  QUERY_TOO_LARGE: 'The document is longer than the server reads. Send values as variables.',
  REQUEST_ENTITY_TOO_LARGE: 'The body is larger than the server reads: see `--max-body-bytes`.',
  QUERY_TOO_DEEP: 'The document is nested deeper than the server reads.',
  TOO_MANY_ALIASES: 'The document has more aliases than the server reads. To emit many events use `emitEvents`.',
  TOO_MANY_DIRECTIVES: 'The document has more directives than the server reads.',
  TOO_MANY_ROOT_FIELDS: 'The operation has more fields at its root than the server runs.',
  QUERY_TOO_EXPENSIVE: 'The operation asks for more items than the server gives at once. Ask for smaller pages.',
  CURSOR_INVALID: 'The cursor is malformed. Start without one.',
  TASK_NOT_FOUND: 'A cursor was given for a task that is not known.',
  TASK_DELETED: 'The task was deleted.',
  EVENT_ID_CONFLICT: 'An event id was used before with other content. Nothing of the batch was stored.',
  LIMIT_EXCEEDED: 'A documented limit would be passed. Nothing of the batch was stored.',
  STORE_UNAVAILABLE:
    'The log did not answer; `outcome` is FAILED (nothing stored) or UNKNOWN (retry with the same ids).',
  STORE_FULL: 'There is no room left to store events; reading goes on.',
  STORE_CORRUPT: 'Stored data is damaged and is not served.',
  UNAUTHENTICATED: 'Who is asking could not be established.',
  FORBIDDEN: 'Who is asking may not do this with this task. Whether there is such a task was not looked up.',
  TOKEN_EXPIRED:
    'What the caller showed has expired. Connect again with a new token; a stream goes on from its cursor.',
  TOKEN_REVOKED: 'What the caller showed was revoked.',
  TOKENS_DISABLED: 'The server has no secret to sign tokens with.',
  RATE_LIMITED: 'Too much at once for one caller or one task. Try again after `retryAfterMs`.',
  SUBSCRIPTION_LIMIT: 'One socket has as many operations as it may have. Use another, or end some.',
  OVERLOADED: 'The server has more to record than it can; nothing was stored. Try again after `retryAfterMs`.',
  STREAM_OVER: 'The stream ended and everything was delivered before; there is nothing to resume.',
  SHUTTING_DOWN: 'The server is about to stop; go to another or try again shortly.',
  INTERNAL_SERVER_ERROR: 'A fault of the server. The details are in its log.',
} as const);

export type ErrorCode = keyof typeof ERROR_CODES;

/** Base of all errors that a caller can act on. `extensions` goes to the client as it is. */
export class DrumlineError extends Error {
  override readonly name: string = 'DrumlineError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  get extensions(): Readonly<Record<string, unknown>> {
    return { code: this.code };
  }
}

/** A value that breaks a rule of the contract, with the place of each broken rule. */
export class BadInputError extends DrumlineError {
  override readonly name: string = 'BadInputError';
  readonly issues: readonly InputIssue[];

  constructor(issues: readonly InputIssue[], code: ErrorCode = 'BAD_USER_INPUT') {
    super(code, issues.map(describeIssue).join('; '));
    this.issues = issues;
  }

  override get extensions(): Readonly<Record<string, unknown>> {
    return { code: this.code, issues: this.issues };
  }
}

/** The same event id again, with other content. */
export class EventIdConflictError extends BadInputError {
  override readonly name = 'EventIdConflictError';

  /** @param index of the event in its batch. */
  constructor(index: number, eventId: string, path: InputIssue['path'] = ['inputs', index, 'eventId']) {
    const message = `event id ${JSON.stringify(eventId)} was used before with other content`;
    super([{ path, message }], 'EVENT_ID_CONFLICT');
  }
}

/** A limit of the contract that an otherwise good input would pass. */
export class LimitExceededError extends BadInputError {
  override readonly name = 'LimitExceededError';

  constructor(path: readonly (string | number)[], message: string) {
    super([{ path, message }], 'LIMIT_EXCEEDED');
  }
}

export class CursorInvalidError extends DrumlineError {
  override readonly name = 'CursorInvalidError';

  constructor() {
    super('CURSOR_INVALID', 'The cursor is malformed. Pass one that the server gave, or start without one.');
  }
}

export class TaskNotFoundError extends DrumlineError {
  override readonly name = 'TaskNotFoundError';

  constructor(taskId: string) {
    super('TASK_NOT_FOUND', `No task ${JSON.stringify(taskId)} is known.`);
  }
}

/** A task that was followed is gone, by a deletion or because its time was over. */
export class TaskDeletedError extends DrumlineError {
  override readonly name = 'TaskDeletedError';

  constructor(taskId: string) {
    super('TASK_DELETED', `The task ${JSON.stringify(taskId)} was deleted.`);
  }
}

/** FAILED: surely not stored. UNKNOWN: it may be stored; retrying with the same event ids is safe. */
export type StoreOutcome = 'FAILED' | 'UNKNOWN';

export class StoreUnavailableError extends DrumlineError {
  override readonly name = 'StoreUnavailableError';
  readonly outcome: StoreOutcome;

  constructor(outcome: StoreOutcome, options?: ErrorOptions) {
    super('STORE_UNAVAILABLE', 'The log is not available. Retry with the same event ids.', options);
    this.outcome = outcome;
  }

  override get extensions(): Readonly<Record<string, unknown>> {
    return { code: this.code, outcome: this.outcome };
  }
}

export class StoreFullError extends DrumlineError {
  override readonly name = 'StoreFullError';

  constructor(options?: ErrorOptions) {
    super('STORE_FULL', 'There is no room left to store events.', options);
  }
}

/** `what` names the damaged place for the operator's log; the client is told only that there is damage. */
export class StoreCorruptError extends DrumlineError {
  override readonly name = 'StoreCorruptError';
  readonly what: string;

  constructor(what: string, options?: ErrorOptions) {
    super('STORE_CORRUPT', 'Stored data is damaged and is not served.', options);
    this.what = what;
  }
}

/** An `EventSource` came back to a stream that is over and wholly delivered: answered 204, so that it stays away. */
export class StreamOverError extends DrumlineError {
  override readonly name = 'StreamOverError';

  constructor() {
    super('STREAM_OVER', 'Everything was delivered before.');
  }
}

/** The caller is not who may connect. */
export class UnauthenticatedError extends DrumlineError {
  override readonly name = 'UnauthenticatedError';

  constructor() {
    super('UNAUTHENTICATED', 'Who is asking could not be established.');
  }
}

/** Refused by the viewer's grants alone: see `viewer.ts`. */
export class ForbiddenError extends DrumlineError {
  override readonly name = 'ForbiddenError';

  constructor(action: string, taskId?: string) {
    const what = taskId === undefined ? 'what concerns every task' : `task ${JSON.stringify(taskId)}`;
    super('FORBIDDEN', `You may not ${action} ${what}.`);
  }
}

/** Ends what was begun with it. */
export class TokenExpiredError extends DrumlineError {
  override readonly name = 'TokenExpiredError';

  constructor() {
    super('TOKEN_EXPIRED', 'The token has expired.');
  }
}

/** Ends what was begun with it. */
export class TokenRevokedError extends DrumlineError {
  override readonly name = 'TokenRevokedError';

  constructor() {
    super('TOKEN_REVOKED', 'The token was revoked.');
  }
}

export class TokensDisabledError extends DrumlineError {
  override readonly name = 'TokensDisabledError';

  constructor() {
    super('TOKENS_DISABLED', 'This server has no secret to sign tokens with.');
  }
}

/** Refused for now; nothing was stored. */
abstract class TryLaterError extends DrumlineError {
  readonly retryAfterMs: number;

  constructor(code: ErrorCode, message: string, retryAfterMs: number) {
    super(code, message);
    this.retryAfterMs = retryAfterMs;
  }

  override get extensions(): Readonly<Record<string, unknown>> {
    return { code: this.code, retryAfterMs: this.retryAfterMs };
  }
}

/** One caller, or one task, takes more than its share. */
export class RateLimitedError extends TryLaterError {
  override readonly name = 'RateLimitedError';

  constructor(retryAfterMs: number) {
    super('RATE_LIMITED', 'Too much at once.', retryAfterMs);
  }
}

/** Refused so that what was accepted is answered in time. */
export class OverloadedError extends TryLaterError {
  override readonly name = 'OverloadedError';

  constructor() {
    // By then much of what waits is recorded.
    super('OVERLOADED', 'The server has more to record than it can.', 500);
  }
}

export class SubscriptionLimitError extends DrumlineError {
  override readonly name = 'SubscriptionLimitError';

  constructor(limit: number) {
    super('SUBSCRIPTION_LIMIT', `A socket may have ${limit} operations at once.`);
  }
}

export class ShuttingDownError extends DrumlineError {
  override readonly name = 'ShuttingDownError';

  constructor() {
    super('SHUTTING_DOWN', 'The server is about to stop.');
  }
}

function describeIssue(issue: InputIssue): string {
  return issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message;
}
