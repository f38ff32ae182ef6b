/**
 * How a notice travels between processes: in parts. Notices of one topic that wait together are sent as the set of
 * their parts, so saying the same again costs nothing, and a large one is cut between its parts. What comes from the
 * wire was written by anybody, so it is parsed, never trusted.
 */
import { z } from 'zod';
import { Id } from '../domain/values.ts';
import type { DrumlineTopics } from './event-bus.ts';

export interface NoticeFormat<Notice> {
  /** JSON values, each of which can be sent without the others. */
  toParts(notice: Notice): readonly unknown[];
  /** @throws when a part is not what `toParts` makes. */
  fromParts(parts: readonly unknown[]): readonly Notice[];
}

export type NoticeFormats<Topics extends object> = {
  readonly [Topic in keyof Topics]: NoticeFormat<Topics[Topic]>;
};

/** A notice that is one part. */
export function wholeNotice<Notice>(schema: z.ZodType<Notice>): NoticeFormat<Notice> {
  return { toParts: (notice) => [notice], fromParts: (parts) => parts.map((part) => schema.parse(part)) };
}

const NOTHING_MORE = Object.freeze({});
const Nothing = z.array(z.strictObject({}));
const TaskIds = z.array(Id);

/** A notice that says all by its topic: any number of them are one. */
function bareNotice(): NoticeFormat<Readonly<Record<never, never>>> {
  return {
    toParts: () => [NOTHING_MORE],
    fromParts: (parts) => (Nothing.parse(parts).length > 0 ? [NOTHING_MORE] : []),
  };
}

export const DRUMLINE_FORMATS: NoticeFormats<DrumlineTopics> = Object.freeze({
  tasksChanged: {
    toParts: ({ taskIds }: DrumlineTopics['tasksChanged']) => taskIds,
    fromParts: (parts: readonly unknown[]) => [{ taskIds: TaskIds.parse(parts) }],
  },
  observationsChanged: bareNotice(),
  lookAgain: bareNotice(),
});
