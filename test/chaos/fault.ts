/** A harm that is done to the stage for a while, and taken away again. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../support/random.ts';
import type { Stage } from './stage.ts';

export interface Fault {
  readonly name: string;
  /** Why it cannot be injected here. */
  readonly unless?: (stage: Stage) => string | undefined;
  /** Injects it, keeps it for a while, and takes it away. */
  readonly inject: (stage: Stage, random: Random) => Promise<void>;
}

/** How long a fault lasts is what is random. */
export function lasting(random: Random, fromMs: number, toMs: number): Promise<void> {
  return delay(random.int(fromMs, toMs));
}
