/** The words of the domain as GraphQL enums: upper case outside, the same word in lower case inside. */
import { EVENT_TYPES, PROGRESS_STAGES } from '../domain/event.ts';
import { TASK_STATUSES } from '../domain/progress.ts';
import { builder } from './builder.ts';

export const eventTypeRef = builder.enumType('EventType', {
  description: 'What happened. The twenty types of the original mixture-of-experts system.',
  values: toEnumValues(EVENT_TYPES, {
    task_started: 'Work on the task began.',
    task_completed: 'The task is done. Ends it.',
    task_failed: 'The task has failed as a whole. Ends it.',
    belter_assigned: 'A belter, the lead of one domain, was given its part.',
    belter_started: 'A belter began.',
    belter_completed: 'A belter is done.',
    belter_failed: 'A belter has failed; the task may go on.',
    drummer_assigned: 'A drummer, a specialist under a belter, was given its part.',
    drummer_started: 'A drummer began.',
    drummer_completed: 'A drummer is done.',
    drummer_failed: 'A drummer has failed; the task may go on.',
    data_gathering: 'Data is being fetched.',
    data_processing: 'Data is being worked on.',
    analysis_started: 'The analysis began.',
    analysis_completed: 'The analysis is done.',
    synthesis_started: 'Putting the results together began.',
    synthesis_completed: 'The results are put together.',
    progress_update: 'Progress, and nothing else to tell.',
    warning: 'Something is not as it should be; the work goes on.',
    error: 'Something went wrong. Ends nothing by itself.',
  }),
});

export const progressStageRef = builder.enumType('ProgressStage', {
  description: 'The stage that a task is in. A stage never ends a task, not even COMPLETE or FAILED.',
  values: toEnumValues(PROGRESS_STAGES, {
    planning: 'Deciding what to do. Where a task begins.',
    data_gathering: 'Fetching what is needed.',
    analysis: 'Working on it.',
    synthesis: 'Putting the results together.',
    review: 'Checking the results.',
    complete: 'A component reported that its work is complete.',
    failed: 'A component reported that its work has failed.',
  }),
});

export const taskStatusRef = builder.enumType('TaskStatus', {
  description: 'Where a task stands as a whole. COMPLETED and FAILED are final.',
  values: toEnumValues(TASK_STATUSES, {
    running: 'Neither completed nor failed, whether or not anything has been reported yet.',
    completed: 'Ended by TASK_COMPLETED. Final.',
    failed: 'Ended by TASK_FAILED. Final.',
  }),
});

export const gapReasonRef = builder.enumType('GapReason', {
  description: 'Why a stream or a page could not go on from a cursor.',
  values: toEnumValues(['expired', 'diverged'], {
    expired: 'The events after the cursor are no longer kept.',
    diverged: "The cursor's history is not this task's history: the log was rewound, restored or replaced.",
  }),
});

/** A word without a description does not compile. */
function toEnumValues<const Word extends string>(
  words: readonly Word[],
  descriptions: Readonly<Record<Word, string>>,
): Record<string, { value: Word; description: string }> {
  return Object.fromEntries(
    words.map((word) => [word.toUpperCase(), { value: word, description: descriptions[word] }]),
  );
}
