/** `drumline/react`: what a page shows of tasks, live, as hooks. */
export {
  useConnection,
  useObservations,
  useTaskComponent,
  useTaskEvents,
  useTaskProgress,
  useTasks,
  type ObservationsOptions,
  type TaskEventsOptions,
  type TaskProgressOptions,
  type TasksOptions,
} from './hooks.ts';
export { DrumlineProvider, type DrumlineProviderProps } from './provider.ts';
