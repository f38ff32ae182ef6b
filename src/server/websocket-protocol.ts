/**
 * What graphql-ws, which keeps the protocol, asks of us: who may connect, how a document is read so that a bad one ends
 * only its own operation, and results, which go past it: to graphql-ws every operation is a stream that gives nothing
 * and ends in its time, while the pump writes ready frames to the socket.
 */
import type { IncomingMessage } from 'node:http';
import { validateExecutionArgs, type ExecutionArgs } from 'graphql';
import { CloseCode, makeServer, MessageType, type Context, type Server } from 'graphql-ws';
import { ShuttingDownError, UnauthenticatedError } from '../domain/errors.ts';
import type { EventManager } from '../manager/event-manager.ts';
import type { SchemaContext } from '../schema/context.ts';
import { PullStream } from '../util/pull-stream.ts';
import type { Turns } from '../util/turns.ts';
import { AuthTimeoutError, type Identify } from './auth.ts';
import { toPayload, type MaskError } from './errors.ts';
import { Frame, resultFrame } from './frame.ts';
import type { Graphql, Operation } from './graphql.ts';
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
}

/** What `onSubscribe` makes of an operation: also which one it is, and where its results go. */
interface OperationArgs extends ExecutionArgs {
  readonly id: string;
  readonly outlet: SocketOutlet;
  readonly record: Operation['record'];
}
type Params = Record<string, unknown>;

/** For graphql-ws clients: to be retried, as all but 44xx and 4500 are. */
export const TRY_AGAIN_LATER = 1013;

/** What the transport tells and is told. */
export interface ProtocolState {
  readonly isDraining: boolean;
  /** Queries and mutations that are under way. */
  readonly running: Set<Promise<unknown>>;
}

export function createProtocol(
  { graphql, mask, turns, identify, logger }: ProtocolOptions,
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
      extra.session = session;
      session.join(extra.member);
      return true;
    } catch (error) {
      refuse(extra.outlet, error);
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
  async function answerOf({ record, id: _id, outlet: _outlet, ...args }: OperationArgs): Promise<() => Frame> {
    const outcome = await record?.();
    if (outcome !== undefined && 'json' in outcome) return () => new Frame(outcome.json, undefined);
    const result = await graphql.run(outcome === undefined ? args : replaying(args, outcome.replay));
    return () => resultFrame(result);
  }

  function deliver({ id, outlet }: OperationArgs, results: PullStream<Frame>): AsyncIterableIterator<never, undefined> {
    return new Pumping(results, () => pump(results, outlet, frames.encoderFor(id), turns));
  }

  return makeServer<Params, Extra>({
    onConnect,
    async onSubscribe({ extra: { outlet, session } }, id, payload) {
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
      const { args, record } = prepared;
      if (record !== undefined) return { ...args, id, outlet, record } satisfies OperationArgs;
      // Wrong variables end the operation before it begins; left to `execute` they would be sent as its result.
      const validated = validateExecutionArgs(args);
      if (!('operation' in validated)) return validated.map(mask);
      return { ...args, id, outlet, record } satisfies OperationArgs;
    },
    async execute(args) {
      const result = answerOf(args as OperationArgs);
      running.add(result);
      try {
        const make = await result;
        (args as OperationArgs).outlet.gather();
        return deliver(args as OperationArgs, new SingleFrame(make));
      } finally {
        running.delete(result);
      }
    },
    async subscribe(args) {
      const results = await graphql.subscribe(args);
      const stream = results instanceof PullStream ? results : new SingleFrame(() => resultFrame(results));
      return deliver(args as OperationArgs, stream);
    },
    onError: (_context, _id, _payload, errors) => errors.map((error) => toPayload(mask(error))),
  });
}

/** What was done already is only said again: see `compiled-emit.ts`. */
function replaying(args: ExecutionArgs, manager: EventManager): ExecutionArgs {
  return { ...args, contextValue: { ...(args.contextValue as SchemaContext), manager } };
}

/**
 * To graphql-ws a stream that gives nothing and ends with its source, so that graphql-ws says `complete` or `error` in
 * its time; the results go out by the pump.
 */
class Pumping implements AsyncIterableIterator<never, undefined> {
  readonly #results: PullStream<Frame>;
  readonly #run: () => Promise<void>;

  constructor(results: PullStream<Frame>, run: () => Promise<void>) {
    this.#results = results;
    this.#run = run;
  }

  next(): Promise<IteratorReturnResult<undefined>> {
    return this.#run().then(toEnd);
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#results.return().then(toEnd);
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
