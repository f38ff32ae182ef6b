/** The one connection under all watched tasks, of which each task tells by itself: what happens to it is said once. */
import type { ConnectionState } from '../client/index.ts';

export interface Link {
  /** @returns what is to be said: that the first of the tasks was lost, or that the last of those is back. */
  note(taskId: string, state: ConnectionState): 'lost' | 'back' | undefined;
  /** Nothing more comes of it. @returns as `note`. */
  forget(taskId: string): 'back' | undefined;
}

export function createLink(): Link {
  const lost = new Set<string>();
  function find(taskId: string): 'back' | undefined {
    return lost.delete(taskId) && lost.size === 0 ? 'back' : undefined;
  }
  return {
    note(taskId, { kind }) {
      if (kind === 'connected') return find(taskId);
      if (kind !== 'lost') return undefined;
      const isFirst = lost.size === 0;
      lost.add(taskId);
      return isFirst ? 'lost' : undefined;
    },
    forget: find,
  };
}
