/**
 * What one caller may do, for as long as it may. All that was begun with one key or token is a session; when it
 * expires or is revoked, every stream of it ends with the reason. That is asked before each delivery, and of streams
 * that wait, every half second.
 */
import { TokenRevokedError, type DrumlineError } from '../domain/errors.ts';
import { ANYONE, type Viewer } from '../domain/viewer.ts';
import type { EventVerbs } from '../manager/event-manager.ts';
import { guardManager } from '../manager/guarded-manager.ts';
import type { SchemaContext, TokenIssuer } from '../schema/context.ts';
import type { Limits } from './limits.ts';

/** A stream or a socket: an object rather than a function, for there is one for each watcher. */
export interface SessionMember {
  sessionEnded(error: DrumlineError): void;
}

export class Session {
  readonly viewer: Viewer;
  readonly context: SchemaContext & { readonly session: Session };
  readonly #whyOver: (viewer: Viewer) => DrumlineError | undefined;
  readonly #occupied: Set<Session>;
  readonly #members = new Set<SessionMember>();
  #failure: DrumlineError | undefined;

  constructor({ viewer, manager, limits, tokens, whyOver, occupied }: SessionParts) {
    this.viewer = viewer;
    const counted = limits.countWrites({ manager, tokens }, viewer);
    this.context = {
      manager: guardManager(counted.manager, viewer, () => this.failure),
      viewer,
      tokens: counted.tokens && untilEnd(counted.tokens, viewer),
      session: this,
    };
    this.#whyOver = whyOver;
    this.#occupied = occupied;
  }

  /** Why nothing more may be done in it; once it is over it stays so. */
  get failure(): DrumlineError | undefined {
    // Asked for each delivery, and never so where nobody has to say who they are.
    if (this.viewer === ANYONE) return undefined;
    this.#failure ??= this.#judge();
    return this.#failure;
  }

  /** A rule that fails lets nobody go on. */
  #judge(): DrumlineError | undefined {
    try {
      return this.#whyOver(this.viewer);
    } catch {
      return new TokenRevokedError();
    }
  }

  join(member: SessionMember): void {
    this.#members.add(member);
    this.#occupied.add(this);
  }

  leave(member: SessionMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#occupied.delete(this);
  }

  /** End what is left of one that is over. */
  sweep(): void {
    const { failure } = this;
    if (failure === undefined) return;
    // The socket is left after its streams: they joined later.
    for (const member of [...this.#members].toReversed()) {
      this.leave(member);
      member.sessionEnded(failure);
    }
  }
}

/** No token outlives what it was made with. */
function untilEnd(tokens: TokenIssuer, { expiresAt }: Viewer): TokenIssuer {
  return (order) => {
    const left = Math.max(1, Math.floor((expiresAt - Date.now()) / 1_000));
    return tokens({ ...order, expiresInSeconds: Math.min(order.expiresInSeconds, left) });
  };
}

interface SessionParts extends SessionsDeps {
  readonly viewer: Viewer;
  readonly occupied: Set<Session>;
}

export interface SessionsDeps {
  readonly manager: EventVerbs;
  readonly limits: Limits;
  readonly tokens: SchemaContext['tokens'];
  readonly whyOver: (viewer: Viewer) => DrumlineError | undefined;
}

export interface Sessions extends Disposable {
  /** One for each viewer, whatever it comes by. */
  of(viewer: Viewer): Session;
}

const SWEEP_MS = 500;

export function createSessions(deps: SessionsDeps): Sessions {
  const known = new WeakMap<Viewer, Session>();
  const occupied = new Set<Session>();
  const timer = setInterval(() => {
    for (const session of occupied) session.sweep();
  }, SWEEP_MS).unref();

  return {
    of(viewer) {
      const before = known.get(viewer);
      // What was revoked may be good again, as after a mistake in the key file; what it ended stays ended.
      if (before !== undefined && before.failure === undefined) return before;
      const session = new Session({ ...deps, viewer, occupied });
      known.set(viewer, session);
      return session;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
