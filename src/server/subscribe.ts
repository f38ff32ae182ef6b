/**
 * One subscription's results: each item of its source, executed (once for all who watch the same), masked, and ready to
 * be sent.
 */
import { createSourceEventStream, validateSubscriptionArgs, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { PullStream, toPullStream, type Reader } from '../util/pull-stream.ts';
import { maskResult, type MaskError } from './errors.ts';
import { Frame } from './frame.ts';
import type { Session, SessionMember } from './session.ts';
import type { OpenOperation, SharedExecution } from './shared-execution.ts';

export interface SubscribeDeps {
  readonly mask: MaskError;
  readonly shared: SharedExecution;
  /** Left out: one that never ends. */
  readonly session?: Session | undefined;
  /** Counts what is handed on. */
  readonly traffic?: { deliveries: number } | undefined;
}

/**
 * @returns the stream, or a result without data when it could not begin. A stream that fails later throws the masked error.
 */
export async function subscribeOperation(
  args: ExecutionArgs,
  { mask, shared, session, traffic = { deliveries: 0 } }: SubscribeDeps,
): Promise<PullStream<Frame> | ExecutionResult> {
  const validated = validateSubscriptionArgs(args);
  if (!('operation' in validated)) return { errors: validated.map(mask) };
  const source = await createSourceEventStream(validated);
  if (!isStream(source)) return maskResult(source as ExecutionResult, mask);
  return new Results(toPullStream(source), shared.open(validated), { mask, session, traffic });
}

type ResultsDeps = Pick<SubscribeDeps, 'mask' | 'session'> & { readonly traffic: { deliveries: number } };

class Results extends PullStream<Frame> implements SessionMember {
  readonly #source: PullStream<object>;
  readonly #operation: OpenOperation;
  readonly #mask: MaskError;
  readonly #session: Session | undefined;
  readonly #traffic: { deliveries: number };

  constructor(source: PullStream<object>, operation: OpenOperation, { mask, session, traffic }: ResultsDeps) {
    super();
    this.#source = source;
    this.#operation = operation;
    this.#mask = mask;
    this.#session = session;
    this.#traffic = traffic;
    source.reader = this;
    session?.join(this);
  }

  /** Whoever reads finds the reason. */
  sessionEnded(): void {
    this.ready();
  }

  /** By the source itself, where nobody waits in between. */
  override set reader(reader: Reader) {
    super.reader = reader;
    this.#source.reader = reader;
  }

  protected override requireValid(): void {
    const failure = this.#session?.failure;
    if (failure !== undefined) throw failure;
  }

  protected take(): Frame | undefined {
    const item = this.#source.pull();
    if (item === undefined) {
      if (this.#source.isOver) this.end();
      return undefined;
    }
    const frame = this.#operation.frameOf(item);
    if (frame instanceof Frame) {
      this.#traffic.deliveries += 1;
      return frame;
    }
    this.waitFor(this.#wait(frame));
    return undefined;
  }

  protected override toFailure(error: unknown): unknown {
    return this.#mask(error);
  }

  async #wait(frame: Promise<Frame>): Promise<void> {
    this.giveBack(await frame);
    this.#traffic.deliveries += 1;
  }

  protected release(): void {
    this.#session?.leave(this);
    void this.#source.return();
    this.#operation[Symbol.dispose]();
  }
}

/** A stream of one. */
export class SingleFrame extends PullStream<Frame> {
  #make: (() => Frame) | undefined;

  constructor(make: () => Frame) {
    super();
    this.#make = make;
  }

  protected take(): Frame | undefined {
    const make = this.#make;
    this.#make = undefined;
    if (make === undefined) this.end();
    return make?.();
  }

  protected release(): void {
    this.#make = undefined;
  }
}

/** What a source gives are the items of one of the manager's streams, which are objects. */
function isStream(value: AsyncIterable<unknown> | ExecutionResult): value is AsyncIterable<object> {
  return Symbol.asyncIterator in value;
}
