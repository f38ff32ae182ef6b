/** Moved. */
export { comparePlaces, compareUpdates, isAfterPlace, matchesTask } from '../domain/task.ts';
