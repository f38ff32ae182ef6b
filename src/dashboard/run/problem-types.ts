/** The types of events that tell of trouble: warnings, errors and failures. */
export const PROBLEM_TYPES: readonly string[] = ['WARNING', 'ERROR', 'TASK_FAILED', 'BELTER_FAILED', 'DRUMMER_FAILED'];
