/** Downloads what the feed lists, and says how far it is. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import type { TaskEventFilter } from '../../client/index.ts';
import { percent } from '../../view/look.ts';
import { useServer } from '../shell/server.ts';
import { download, exportEvents } from './export-events.ts';

export interface ExportButtonProps {
  readonly taskId: string;
  readonly filter: TaskEventFilter | undefined;
  readonly upTo: number;
}

export function ExportButton({ taskId, filter, upTo }: ExportButtonProps): ReactElement {
  const { ask } = useServer();
  const [share, setShare] = useState<number>();
  const [failure, setFailure] = useState<string>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function start(): Promise<void> {
    const own = new AbortController();
    running.current = own;
    setFailure(undefined);
    setShare(0);
    try {
      const blob = await exportEvents({ ask, taskId, filter, upTo, signal: own.signal, onProgress: setShare });
      download(blob, `${taskId.replaceAll(/[^\w.-]/g, '_')}.jsonl`);
    } catch (error) {
      if (!own.signal.aborted) setFailure(error instanceof Error ? error.message : String(error));
    } finally {
      setShare(undefined);
    }
  }

  if (share !== undefined) {
    return (
      <button className="quiet" onClick={() => running.current?.abort()}>
        Exporting {percent(share)} · stop
      </button>
    );
  }
  return (
    <>
      <button className="quiet" disabled={upTo === 0} onClick={() => void start()}>
        Export JSON Lines
      </button>
      {failure !== undefined && <span role="alert">{failure}</span>}
    </>
  );
}
