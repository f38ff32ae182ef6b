/** For urql's Graphcache: which of our types are no entities. */

type NoKey = () => null;
const noKey: NoKey = () => null;

/** `Task`, `TaskEvent` and `Observation` have an `id`; all else is a part of what holds it. */
export const keys: Readonly<Record<string, NoKey>> = Object.freeze({
  ComponentProgress: noKey,
  ObservationCheckpoint: noKey,
  ObservationConnection: noKey,
  ObservationEdge: noKey,
  ObservationGap: noKey,
  ObservationRecorded: noKey,
  PageInfo: noKey,
  TaskCheckpoint: noKey,
  TaskConnection: noKey,
  TaskEdge: noKey,
  TaskEnded: noKey,
  TaskEventConnection: noKey,
  TaskEventEdge: noKey,
  TaskEventRecorded: noKey,
  TaskGap: noKey,
  TaskProgress: noKey,
  TaskSnapshot: noKey,
  TasksUpdate: noKey,
});
