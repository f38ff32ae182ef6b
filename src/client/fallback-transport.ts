/**
 * Several transports as one. The first that gets through is used for all that follows. Later failures are mostly the
 * server's, not the way's: only when it has failed for a while do the others get their turn, or a server that restarts
 * would scatter its watchers over all of them.
 */
import { isPassing } from './errors.ts';
import type { Transport } from './transport.ts';

export interface FallbackOptions {
  /** How long a transport that once got through may fail before the others are tried. */
  readonly loyaltyMs?: number;
  readonly nowMs?: () => number;
}

/** `name` is that of the transport in use. Disposes them all with itself. */
export function createFallbackTransport(
  transports: readonly [Transport, ...Transport[]],
  options: FallbackOptions = {},
): Transport {
  const { loyaltyMs = 20_000, nowMs = () => performance.now() } = options;
  let index = 0;
  let hasGotThrough = false;
  let failingSinceMs: number | undefined;

  const at = (place: number): Transport => transports[place % transports.length] ?? transports[0];

  function isLoyal(): boolean {
    if (!hasGotThrough) return false;
    failingSinceMs ??= nowMs();
    return nowMs() - failingSinceMs < loyaltyMs;
  }

  return {
    get name() {
      return at(index).name;
    },
    subscribe(request, sink) {
      const first = index;
      let leave = (): void => {};
      let hasLeft = false;

      function attempt(tried: number): void {
        let isConnected = false;
        const leaveThis = at(first + tried).subscribe(request, {
          connected() {
            isConnected = true;
            index = first + tried;
            hasGotThrough = true;
            failingSinceMs = undefined;
            sink.connected();
          },
          next: (result) => sink.next(result),
          complete: () => sink.complete(),
          error(error) {
            if (hasLeft) return;
            const isLast = tried + 1 >= transports.length;
            if (isConnected || isLast || !isPassing(error) || isLoyal()) sink.error(error);
            else attempt(tried + 1);
          },
        });
        leave = leaveThis;
      }

      attempt(0);
      return () => {
        hasLeft = true;
        leave();
      };
    },
    [Symbol.dispose]() {
      for (const transport of transports) transport[Symbol.dispose]();
    },
  };
}
