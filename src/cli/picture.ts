/** What shows watched tasks, live, in plain lines or as JSON. */
import type { ConnectionState, TaskUpdate } from '../client/index.ts';

export interface Picture extends Disposable {
  onConnection(taskId: string, state: ConnectionState): void;
  onTitle(taskId: string, title: string): void;
  /** Resolves when more may come. */
  onUpdate(taskId: string, update: TaskUpdate): Promise<void>;
  /** Nothing more can come of it. */
  onDeleted(taskId: string): Promise<void>;
}
