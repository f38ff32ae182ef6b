/**
 * What graphql-ws, which keeps the protocol, asks of us: who may connect, how a document is read so that a bad one ends
 * only its own operation, and results, which go past it: to graphql-ws every operation is a stream that gives nothing
 * and ends in its time, while the pump writes ready frames to the socket.
 */
import type { IncomingMessage } from 'node:http';
import { validateExecutionArgs, type ExecutionArgs } from 'graphql';
import { CloseCode, makeServer, MessageType, type Context, type Server } from 'graphql-ws';
import { ShuttingDownError, SubscriptionLimitError, UnauthenticatedError } from '../domain/errors.ts';
import type { EventVerbs } from '../manager/event-manager.ts';
import type { SchemaContext } from '../schema/context.ts';
import { PullStream } from '../util/pull-stream.ts';
import type { Turns } from '../util/turns.ts';
import { AuthTimeoutError, type Identify } from './auth.ts';
import { requestError, toPayload, type MaskError } from './errors.ts';
import { Frame, resultFrame } from './frame.ts';
import type { Graphql, Operation } from './graphql.ts';
import { isRefusal, type Limits } from './limits.ts';
import type { Logger } from './logger.ts';
import { pump } from './pump.ts';
import type { SocketOutlet } from './socket-outlet.ts';
import type { Session, SessionMember } from './session.ts';
import { SingleFrame } from './subscribe.ts';
import { createNextFrames } from './websocket-frame.ts';

export interface ProtocolOptions {
  readonly graphql: Graphql;
  readonly mask: MaskError;
  readonly turns: Turns;
  readonly logger: Logger;
  readonly identify: Identify;
  readonly limits: Limits;
  readonly maxOperationsPerSocket: number;
}

/** What is known of a socket beside its protocol. */
export interface Extra extends Record<PropertyKey, unknown> {
  /** Until the caller has said who it is: it is large, and needed no more. */
  request: IncomingMessage | undefined;
  readonly outlet: SocketOutlet;
  /** Ends the socket with its session. */
  readonly member: SessionMember;
  /** Once the caller has said who it is. */
  session: Session | undefined;
  /** It may leave while it is found out who it is. */
  isClosed: boolean;
  /** Its place among the sockets of its viewer. */
  place: Disposable | undefined;
  /** Subscriptions that are under way. */
  subscriptions: number;
}

/** What `onSubscribe` makes of an operation: also which one it is, and where its results go. */
interface OperationArgs extends ExecutionArgs {
  readonly id: string;
  readonly extra: Extra;
  readonly answerShortly: Operation['answerShortly'];
}
type Params = Record<string, unknown>;

/** For graphql-ws clients: to be retried, as all but 44xx and 4500 are. */
export const TRY_AGAIN_LATER = 1013;

/** Of an operation's id: it is kept, and repeated in every answer. */
const MAX_ID_BYTES = 256;

/** What the transport tells and is told. */
export interface ProtocolState {
  readonly isDraining: boolean;
  /** Queries and mutations that are under way. */
  readonly running: Set<Promise<unknown>>;
}

export function createProtocol(
  { graphql, mask, turns, identify, limits, maxOperationsPerSocket, logger }: ProtocolOptions,
  state: ProtocolState,
): Server<Extra> {
  const { running } = state;
  const frames = createNextFrames();

  async function onConnect({ extra, connectionParams }: Context<Params, Extra>): Promise<boolean> {
    const { request } = extra;
    extra.request = undefined;
    // It cannot be asked twice: graphql-ws closes a socket that says `connection_init` again.
    if (request === undefined) return false;
    try {
      const session = await identify(request, connectionParams);
      if (extra.isClosed) return false;
      const place = limits.occupy('socket', session.viewer);
      if (isRefusal(place)) {
        extra.outlet.close(TRY_AGAIN_LATER, 'Too many sockets');
        return false;
      }
      extra.place = place;
      extra.session = session;
      session.join(extra.member);
      return true;
    } catch (error) {
      if (limits.request(request) === undefined) refuse(extra.outlet, error);
      else extra.outlet.close(TRY_AGAIN_LATER, 'Too many tries');
      return false;
    }
  }

  function refuse(outlet: SocketOutlet, error: unknown): void {
    if (error instanceof UnauthenticatedError) return outlet.close(CloseCode.Unauthorized, 'Unauthorized');
    logger.error({ err: error }, 'a caller could not be authenticated');
    if (error instanceof AuthTimeoutError) {
      outlet.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout');
    } else {
      outlet.close(TRY_AGAIN_LATER, 'Try again later');
    }
  }

  /** @returns what makes the answer's frame: one that cannot be written as JSON fails its operation alone. */
  async function answerOf({ answerShortly, id: _id, extra: _extra, ...args }: OperationArgs): Promise<() => Frame> {
    const outcome = await answerShortly?.();
    if (outcome !== undefined && 'json' in outcome) return () => new Frame(outcome.json, undefined);
    const result = await graphql.run(outcome === undefined ? args : replaying(args, outcome.replay));
    return () => resultFrame(result);
  }

  function deliver(
    { id, extra: { outlet } }: OperationArgs,
    results: PullStream<Frame>,
    onOver?: () => void,
  ): AsyncIterableIterator<never, undefined> {
    return new Pumping(results, () => pump(results, outlet, frames.encoderFor(id), turns), onOver);
  }

  return makeServer<Params, Extra>({
    onConnect,
    async onSubscribe({ extra, subscriptions }, id, payload) {
      const { session } = extra;
      if (Buffer.byteLength(id) > MAX_ID_BYTES) {
        // A socket that is closing is told nothing more: the id is not repeated.
        extra.outlet.close(CloseCode.BadRequest, 'The id of an operation is too long');
        return [requestError('BAD_REQUEST', 'The id is too long.')];
      }
      // graphql-ws lets nobody subscribe who was not let in.
      const over = session === undefined ? new UnauthenticatedError() : session.failure;
      if (session === undefined || over !== undefined) return [mask(over)];
      const request = {
        query: payload.query,
        ...(payload.operationName == null ? {} : { operationName: payload.operationName }),
        ...(payload.variables == null ? {} : { variables: payload.variables }),
      };
      const prepared = await graphql.prepare(request, session.context);
      // Asked last: from here to `execute` nothing is waited for, so a drain finds everything that was let through.
      if (state.isDraining) return [mask(new ShuttingDownError())];
      if (!('kind' in prepared)) return prepared;
      const { args, answerShortly, kind } = prepared;
      const isSubscription = kind === 'subscription';
      // As many again, ten times over, may be asked and told in passing.
      const isFull = isSubscription
        ? extra.subscriptions >= maxOperationsPerSocket
        : Object.keys(subscriptions).length > 10 * maxOperationsPerSocket;
      if (isFull) {
        limits.refused('operationsPerSocket');
        return [mask(new SubscriptionLimitError(maxOperationsPerSocket))];
      }
      if (answerShortly !== undefined) return { ...args, id, extra, answerShortly } satisfies OperationArgs;
      // Wrong variables end the operation before it begins; left to `execute` they would be sent as its result.
      const validated = validateExecutionArgs(args);
      if (!('operation' in validated)) return validated.map(mask);
      if (isSubscription) extra.subscriptions += 1;
      return { ...args, id, extra, answerShortly } satisfies OperationArgs;
    },
    async execute(args) {
      const result = answerOf(args as OperationArgs);
      running.add(result);
      try {
        const make = await result;
        (args as OperationArgs).extra.outlet.gather();
        return deliver(args as OperationArgs, new SingleFrame(make));
      } finally {
        running.delete(result);
      }
    },
    async subscribe(args) {
      const { extra } = args as OperationArgs;
      const leave = (): void => void (extra.subscriptions -= 1);
      const results = await graphql.subscribe(args).catch((error: unknown) => {
        leave();
        throw error;
      });
      const stream = results instanceof PullStream ? results : new SingleFrame(() => resultFrame(results));
      return deliver(args as OperationArgs, stream, leave);
    },
    onError: (_context, _id, _payload, errors) => errors.map((error) => toPayload(mask(error))),
  });
}

/** What was done already is only said again: see `short-way.ts`. */
function replaying(args: ExecutionArgs, manager: EventVerbs): ExecutionArgs {
  return { ...args, contextValue: { ...(args.contextValue as SchemaContext), manager } };
}

/**
 * To graphql-ws a stream that gives nothing and ends with its source, so that graphql-ws says `complete` or `error` in
 * its time; the results go out by the pump.
 */
class Pumping implements AsyncIterableIterator<never, undefined> {
  readonly #results: PullStream<Frame>;
  readonly #run: () => Promise<void>;
  #onOver: (() => void) | undefined;

  /** @param onOver called once. */
  constructor(results: PullStream<Frame>, run: () => Promise<void>, onOver?: () => void) {
    this.#results = results;
    this.#run = run;
    this.#onOver = onOver;
  }

  async next(): Promise<IteratorReturnResult<undefined>> {
    try {
      await this.#run();
      return toEnd();
    } finally {
      this.#over();
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#results.return();
    this.#over();
    return toEnd();
  }

  #over(): void {
    this.#onOver?.();
    this.#onOver = undefined;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

function toEnd(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}

/** graphql-ws has no answer to messages that only a server may send; the protocol says 4400. */
export function isServerMessage(text: string): boolean {
  const message: unknown = JSON.parse(text);
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  return ![MessageType.ConnectionInit, MessageType.Ping, MessageType.Pong, MessageType.Subscribe, MessageType.Complete]
    .map(String)
    .includes(String(message.type));
}
