/** A log of some length, before anything is measured. */
import { emitMany } from './documents.ts';
import { toRequest, type HttpConnection } from './http-client.ts';

const BATCH = 1_000;

/** Appends so many events, going round the tasks. */
export async function fill(
  emitter: HttpConnection,
  port: number,
  { tasks, events }: { readonly tasks: readonly string[]; readonly events: number },
): Promise<void> {
  let same: Buffer | undefined;
  for (let done = 0; done < events; done += BATCH) {
    const count = Math.min(BATCH, events - done);
    const batch = Array.from({ length: count }, (_, index) => ({ taskId: tasks[(done + index) % tasks.length] ?? '' }));
    // Of one task all batches are the same bytes.
    const request = tasks.length === 1 && count === BATCH ? (same ??= toRequest(port, emitMany(batch))) : undefined;
    await emitter.send(request ?? toRequest(port, emitMany(batch)));
  }
}
