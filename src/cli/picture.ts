/** What shows a watched task, live, in plain lines or as JSON. */
import type { ConnectionState, TaskUpdate } from '../client/index.ts';

export interface Picture extends Disposable {
  onConnection(state: ConnectionState): void;
  onTitle(title: string): void;
  /** Resolves when more may come. */
  onUpdate(update: TaskUpdate): Promise<void>;
}
