/** The streams that are read at this moment, so that whoever closes the manager ends them. */
export interface OpenStreams {
  /** After `close` what is added is left at once. */
  add(stream: Leavable): void;
  delete(stream: Leavable): void;
  close(): void;
}

interface Leavable {
  return(): Promise<unknown>;
}

export function createOpenStreams(): OpenStreams {
  const streams = new Set<Leavable>();
  let isClosed = false;
  return {
    add(stream) {
      if (isClosed) void stream.return();
      else streams.add(stream);
    },
    delete: (stream) => void streams.delete(stream),
    close() {
      isClosed = true;
      for (const stream of streams) void stream.return();
    },
  };
}

/** Has a stream left when the signal says so. @returns what lets go of the signal: call it when the stream is over. */
export function leaveOnAbort(stream: Leavable, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return letGo;
  const leave = (): void => void stream.return();
  if (signal.aborted) leave();
  else signal.addEventListener('abort', leave, { once: true });
  return () => signal.removeEventListener('abort', leave);
}

function letGo(): void {
  // Of nothing.
}
