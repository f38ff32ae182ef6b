/** Which demo run is being played, and how it is kept over a reload. */

export interface DemoRun {
  readonly taskId: string;
  readonly seed: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

/** What was kept, if it is a run. */
export function parseRun(text: string | null): DemoRun | undefined {
  if (text === null) return undefined;
  try {
    const kept: unknown = JSON.parse(text);
    if (typeof kept !== 'object' || kept === null) return undefined;
    const { taskId, seed, startedAt } = kept as Readonly<Record<string, unknown>>;
    if (typeof taskId !== 'string' || typeof seed !== 'number' || typeof startedAt !== 'number') return undefined;
    return { taskId, seed, startedAt };
  } catch {
    return undefined;
  }
}
