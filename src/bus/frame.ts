/**
 * One message between processes: who sent it, and the parts of notices by topic. A list of pairs, for a topic may have
 * any name, and no name of a key means anything to it. A frame without parts is an echo: its sender listens for it.
 */
import { z } from 'zod';

/** Parts by topic, each as its JSON text. */
export type PartTexts = ReadonlyMap<string, ReadonlySet<string>>;

const Frame = z.object({
  from: z.string().min(1).max(64),
  notices: z.array(z.tuple([z.string().max(256), z.array(z.unknown())])).max(256),
});
export type Frame = z.infer<typeof Frame>;

/** @throws SyntaxError or ZodError. */
export function parseFrame(text: string): Frame {
  return Frame.parse(JSON.parse(text));
}

export interface PackedFrames {
  readonly frames: readonly string[];
  /** Parts that are too large for any frame. */
  readonly tooLarge: number;
}

/** As few frames as it takes; none is longer than `maxBytes`, UTF-8. */
export function packFrames(from: string, notices: PartTexts, maxBytes: number): PackedFrames {
  const frames: string[] = [];
  let tooLarge = 0;
  let body = '';
  const [head, tail] = [`{"from":${JSON.stringify(from)},"notices":[`, ']}'];
  const room = maxBytes - Buffer.byteLength(head) - tail.length;
  let used = 0;

  function close(): void {
    if (body !== '') frames.push(head + body + tail);
    body = '';
    used = 0;
  }

  for (const [topic, parts] of notices) {
    const opening = `[${JSON.stringify(topic)},[`;
    // The brackets around this topic's parts, and the comma before them.
    const around = Buffer.byteLength(opening) + 3;
    let isOpen = false;
    for (const part of parts) {
      const bytes = Buffer.byteLength(part);
      if (around + bytes > room) {
        tooLarge += 1;
        continue;
      }
      if (used + bytes + 1 + (isOpen ? 0 : around) > room) {
        if (isOpen) body += ']]';
        isOpen = false;
        close();
      }
      if (isOpen) body += ',';
      else body += (body === '' ? '' : ',') + opening;
      used += bytes + (isOpen ? 1 : around);
      body += part;
      isOpen = true;
    }
    if (isOpen) body += ']]';
  }
  close();
  return { frames, tooLarge };
}

/** What a sender sends to hear it come back. */
export function echoFrame(from: string): string {
  return `{"from":${JSON.stringify(from)},"notices":[]}`;
}
