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

/** Leave a stream when the signal says so. @returns the stream. */
export function leaveOnAbort<Stream extends Leavable>(stream: Stream, signal: AbortSignal | undefined): Stream {
  if (signal?.aborted === true) void stream.return();
  else signal?.addEventListener('abort', () => void stream.return(), { once: true });
  return stream;
}
