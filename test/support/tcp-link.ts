/**
 * One proxied connection: two sockets and what is done to them. Back-pressure goes through: a side that does not read
 * makes the other side's writes wait, with no buffer of ours in between that could hide it.
 */
import type { Socket } from 'node:net';

export type LinkState = 'open' | 'half-open' | 'closed';

export interface ProxyConnection {
  readonly id: number;
  readonly state: LinkState;
  readonly bytesToClient: number;
  readonly bytesToServer: number;
  /** FIN to both sides, after what was read so far. */
  cleanClose(): void;
  /** RST to both sides. */
  reset(): void;
  /** Nothing is read or forwarded any more, in either direction, and neither side is told. */
  halfOpen(): void;
  /** Forward exactly so many more bytes to the client, then cut: mostly in the middle of a frame. */
  cutMidFrame(cut: MidFrameCut): void;
  /** Stop reading from the server, as a client that stopped reading would; the other direction goes on. */
  pause(): void;
  resume(): void;
  /** Forward to the client no faster than this. */
  throttle(bytesPerSecond: number): void;
  /** Release both sockets. */
  destroy(): void;
}

export interface MidFrameCut {
  readonly moreBytes: number;
  /** A reset by default. */
  readonly how?: CutKind;
  /** Called when it was cut, unless the client had left by then. */
  readonly onCut?: () => void;
}

export type CutKind = 'clean close' | 'reset' | 'half-open';

export interface LinkOptions {
  readonly id: number;
  readonly client: Socket;
  readonly upstream: Socket;
  readonly onClosed: () => void;
}

export function openLink({ id, client, upstream, onClosed }: LinkOptions): ProxyConnection {
  let state: LinkState = 'open';
  let bytesPerSecond = Number.POSITIVE_INFINITY;
  let cut: MidFrameCut | undefined;
  let cutAfterBytes = Number.POSITIVE_INFINITY;
  let throttleTimer: NodeJS.Timeout | undefined;

  const close = (end: (socket: Socket) => void): void => {
    if (state === 'closed') return;
    state = 'closed';
    clearTimeout(throttleTimer);
    end(client);
    end(upstream);
    onClosed();
  };
  const destroy = (): void => close((socket) => socket.destroy());
  const reset = (): void => close((socket) => socket.resetAndDestroy());

  const toServer = pump({ from: client, to: upstream });
  const toClient = pump({
    from: upstream,
    to: client,
    take(chunk) {
      const taken = chunk.subarray(0, cutAfterBytes);
      cutAfterBytes -= taken.length;
      if (bytesPerSecond !== Number.POSITIVE_INFINITY && cutAfterBytes > 0) {
        toClient.hold('throttled');
        throttleTimer = setTimeout(() => toClient.release('throttled'), (taken.length / bytesPerSecond) * 1_000);
      }
      return taken;
    },
    // The bytes are handed to the kernel first, or the reset would overtake them.
    written: () => cutAfterBytes <= 0 && cutNow(),
  });
  const halfOpen = (): void => {
    if (state !== 'open') return;
    state = 'half-open';
    toClient.hold('half-open');
    toServer.hold('half-open');
  };
  const cutNow = (): void => {
    if (state !== 'open' || cut === undefined) return;
    const { how = 'reset', onCut } = cut;
    const isMissed = !client.readableEnded && !client.destroyed;
    cut = undefined;
    if (how === 'half-open') halfOpen();
    else close(how === 'reset' ? (socket) => socket.resetAndDestroy() : endGently);
    if (isMissed) onCut?.();
  };

  for (const [socket, other] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    socket.on('error', () => state === 'open' && reset());
    socket.on('close', () => state === 'open' && other.destroyed && destroy());
  }

  return {
    id,
    get state() {
      return state;
    },
    get bytesToClient() {
      return toClient.bytes();
    },
    get bytesToServer() {
      return toServer.bytes();
    },
    cleanClose: () => close(endGently),
    reset,
    halfOpen,
    cutMidFrame(next) {
      cut = next;
      cutAfterBytes = next.moreBytes;
      if (cutAfterBytes <= 0) cutNow();
    },
    pause: () => toClient.hold('paused'),
    resume: () => toClient.release('paused'),
    throttle(rate) {
      bytesPerSecond = rate;
    },
    destroy,
  };
}

/** FIN, and no waiting for the other side's: what it still says is thrown away, until it closes or a second passed. */
function endGently(socket: Socket): void {
  socket.removeAllListeners('data');
  socket.resume();
  socket.end();
  const timer = setTimeout(() => socket.destroy(), 1_000);
  socket.once('end', () => socket.destroySoon());
  socket.once('close', () => clearTimeout(timer));
}

type HoldReason = 'paused' | 'throttled' | 'half-open';

interface Pump {
  bytes(): number;
  hold(reason: HoldReason): void;
  release(reason: HoldReason): void;
}

interface PumpOptions {
  readonly from: Socket;
  readonly to: Socket;
  readonly take?: (chunk: Buffer) => Buffer;
  readonly written?: () => void;
}

/** Forwards one direction. Reading stops while held, and while the receiver's buffer is full. */
function pump({ from, to, take = (chunk) => chunk, written = () => undefined }: PumpOptions): Pump {
  let bytes = 0;
  let full = false;
  const holds = new Set<HoldReason>();
  const flow = (): void => void (holds.size > 0 || full ? from.pause() : from.resume());
  from.on('data', (chunk: Buffer) => {
    const taken = take(chunk);
    bytes += taken.length;
    full = !to.write(taken, written) || full;
    flow();
  });
  to.on('drain', () => {
    full = false;
    flow();
  });
  from.on('end', () => to.end());
  return {
    bytes: () => bytes,
    hold(reason) {
      holds.add(reason);
      flow();
    },
    release(reason) {
      holds.delete(reason);
      flow();
    },
  };
}
