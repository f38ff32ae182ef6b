/** The event stream format, as the WHATWG HTML standard (9.2.6) has an EventSource read it. */

export interface SseEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

export interface SseParser {
  /** @returns the events that this text completes; text may be cut anywhere. */
  push(text: string): readonly SseEvent[];
  /** The id that a reconnect sends; empty when none was given. */
  readonly lastEventId: string;
  /** The server's wish, in milliseconds. */
  readonly retryMs: number | undefined;
}

export function createSseParser(startId = ''): SseParser {
  let rest = '';
  let data: string[] = [];
  let type = '';
  let idBuffer = startId;
  let lastEventId = startId;
  let retryMs: number | undefined;
  let begun = false;

  const field = (name: string, value: string): void => {
    if (name === 'data') data.push(value);
    else if (name === 'event') type = value;
    else if (name === 'id' && !value.includes('\0')) idBuffer = value;
    else if (name === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  };
  const dispatch = (): SseEvent | undefined => {
    lastEventId = idBuffer;
    const event = { type: type === '' ? 'message' : type, data: data.join('\n'), lastEventId };
    const empty = data.length === 0;
    data = [];
    type = '';
    return empty ? undefined : event;
  };

  return {
    push(text) {
      rest += begun ? text : text.replace(/^\uFEFF/, '');
      begun ||= text !== '';
      const events: SseEvent[] = [];
      // A carriage return at the very end may be half of a pair: it waits for what follows.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = line === '' ? dispatch() : undefined;
        if (event !== undefined) events.push(event);
        if (line === '' || line.startsWith(':')) continue;
        const colon = line.indexOf(':');
        if (colon === -1) field(line, '');
        else field(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
      }
      return events;
    },
    get lastEventId() {
      return lastEventId;
    },
    get retryMs() {
      return retryMs;
    },
  };
}
