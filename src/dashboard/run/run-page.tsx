/** One task. */
import type { ReactElement } from 'react';

export function RunPage({ taskId }: { readonly taskId: string }): ReactElement {
  return <p>{taskId}</p>;
}
