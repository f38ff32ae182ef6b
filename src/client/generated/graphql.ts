/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** An event, as its emitter tells it. */
export type EmitEventInput = {
  /** Who reports it: 1 to 128 characters of any script, no control characters. */
  readonly component: string;
  /** Whatever else is to be said. */
  readonly details?: Record<string, unknown> | null | undefined;
  /** In words, up to 256 bytes, e.g. "2 minutes". */
  readonly estimatedTimeRemaining?: string | null | undefined;
  /** Makes a retry safe: the same id with the same content is recorded once. Made up when left out. */
  readonly eventId?: string | null | undefined;
  /** What happened. */
  readonly eventType: EventType;
  /** What to tell a person, up to 2 KiB. */
  readonly message: string;
  /** The component's own progress, 0 to 1. Left out: unchanged. */
  readonly progress?: number | null | undefined;
  /** The stage that it puts the task in. */
  readonly stage: ProgressStage;
  /** The task; a new id begins a new task. 1 to 128 ASCII letters, digits and _ . : / @ + = ~ -, starting with a letter or digit. */
  readonly taskId: string;
  /** When it happened. Now, when left out. */
  readonly timestamp?: string | null | undefined;
};

/** What happened. The twenty types of the original mixture-of-experts system. */
export type EventType =
  /** The analysis is done. */
  | 'ANALYSIS_COMPLETED'
  /** The analysis began. */
  | 'ANALYSIS_STARTED'
  /** A belter, the lead of one domain, was given its part. */
  | 'BELTER_ASSIGNED'
  /** A belter is done. */
  | 'BELTER_COMPLETED'
  /** A belter has failed; the task may go on. */
  | 'BELTER_FAILED'
  /** A belter began. */
  | 'BELTER_STARTED'
  /** Data is being fetched. */
  | 'DATA_GATHERING'
  /** Data is being worked on. */
  | 'DATA_PROCESSING'
  /** A drummer, a specialist under a belter, was given its part. */
  | 'DRUMMER_ASSIGNED'
  /** A drummer is done. */
  | 'DRUMMER_COMPLETED'
  /** A drummer has failed; the task may go on. */
  | 'DRUMMER_FAILED'
  /** A drummer began. */
  | 'DRUMMER_STARTED'
  /** Something went wrong. Ends nothing by itself. */
  | 'ERROR'
  /** Progress, and nothing else to tell. */
  | 'PROGRESS_UPDATE'
  /** The results are put together. */
  | 'SYNTHESIS_COMPLETED'
  /** Putting the results together began. */
  | 'SYNTHESIS_STARTED'
  /** The task is done. Ends it. */
  | 'TASK_COMPLETED'
  /** The task has failed as a whole. Ends it. */
  | 'TASK_FAILED'
  /** Work on the task began. */
  | 'TASK_STARTED'
  /** Something is not as it should be; the work goes on. */
  | 'WARNING';

/** Why a stream or a page could not go on from a cursor. */
export type GapReason =
  /** The cursor's history is not this task's history: the log was rewound, restored or replaced. */
  | 'DIVERGED'
  /** The events after the cursor are no longer kept. */
  | 'EXPIRED';

/** A task, announced before its first event. */
export type InitTaskInput = {
  /** Words to find the task by: at most 32, each up to 512 bytes. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** The task's id: 1 to 128 ASCII letters, digits and _ . : / @ + = ~ -, starting with a letter or digit. */
  readonly taskId: string;
  /** What to call the task in front of people, up to 512 bytes. */
  readonly title?: string | null | undefined;
};

/** The stage that a task is in. A stage never ends a task, not even COMPLETE or FAILED. */
export type ProgressStage =
  /** Working on it. */
  | 'ANALYSIS'
  /** A component reported that its work is complete. */
  | 'COMPLETE'
  /** Fetching what is needed. */
  | 'DATA_GATHERING'
  /** A component reported that its work has failed. */
  | 'FAILED'
  /** Deciding what to do. Where a task begins. */
  | 'PLANNING'
  /** Checking the results. */
  | 'REVIEW'
  /** Putting the results together. */
  | 'SYNTHESIS';

/** Every field that is given must match; a list matches any of its members, and an empty list matches nothing. */
export type TaskEventFilter = {
  /** Events of any of these components. At most 1,000. */
  readonly components?: ReadonlyArray<string> | null | undefined;
  /** Events of any of these types. */
  readonly eventTypes?: ReadonlyArray<EventType> | null | undefined;
  /** Events of any of these stages. */
  readonly stages?: ReadonlyArray<ProgressStage> | null | undefined;
};

/** Every field that is given must match; a list matches any of its members, and an empty list matches nothing. */
export type TaskFilter = {
  /** Tasks that bear any of these. At most 1,000. */
  readonly labels?: ReadonlyArray<string> | null | undefined;
  /** Tasks that are in any of these stages. */
  readonly stages?: ReadonlyArray<ProgressStage> | null | undefined;
  /** Tasks that started after this instant. */
  readonly startedAfter?: string | null | undefined;
  /** Tasks that started before this instant. */
  readonly startedBefore?: string | null | undefined;
  /** Tasks with any of these statuses. */
  readonly statuses?: ReadonlyArray<TaskStatus> | null | undefined;
  /** Tasks whose id starts with this. */
  readonly taskIdPrefix?: string | null | undefined;
};

/** Where a task stands as a whole. COMPLETED and FAILED are final. */
export type TaskStatus =
  /** Ended by TASK_COMPLETED. Final. */
  | 'COMPLETED'
  /** Ended by TASK_FAILED. Final. */
  | 'FAILED'
  /** Neither completed nor failed, whether or not anything has been reported yet. */
  | 'RUNNING';

export type EmitEventsMutationVariables = Exact<{
  inputs: ReadonlyArray<EmitEventInput> | EmitEventInput;
}>;


export type EmitEventsMutation = { readonly emitEvents: { readonly results: ReadonlyArray<{ readonly duplicate: boolean, readonly event: { readonly eventId: string, readonly taskId: string, readonly sequence: number } }> } };

export type InitTaskMutationVariables = Exact<{
  input: InitTaskInput;
}>;


export type InitTaskMutation = { readonly initTask: { readonly created: boolean } };

export type ObservationFieldsFragment = { readonly id: string, readonly timestamp: string, readonly content: string, readonly taskId: string | null, readonly metadata: Record<string, unknown> };

export type ObservationUpdatesSubscriptionVariables = Exact<{
  taskId?: string | null | undefined;
  after?: string | null | undefined;
  last?: number | null | undefined;
}>;


export type ObservationUpdatesSubscription = { readonly observations:
    | { readonly __typename: 'ObservationCheckpoint', readonly cursor: string }
    | { readonly __typename: 'ObservationGap', readonly reason: GapReason, readonly cursor: string }
    | { readonly __typename: 'ObservationRecorded', readonly cursor: string, readonly observation: { readonly id: string, readonly timestamp: string, readonly content: string, readonly taskId: string | null, readonly metadata: Record<string, unknown> } }
   };

export type TaskHeaderQueryVariables = Exact<{
  id: string;
}>;


export type TaskHeaderQuery = { readonly task: { readonly id: string, readonly title: string | null, readonly labels: ReadonlyArray<string>, readonly createdAt: string } | null };

export type TaskHeadingQueryVariables = Exact<{
  id: string;
}>;


export type TaskHeadingQuery = { readonly task: { readonly title: string | null, readonly labels: ReadonlyArray<string>, readonly lastEvent: { readonly recordedAt: string } | null } | null };

export type TaskBeatsQueryVariables = Exact<{
  taskId: string;
  afterSequence: number;
  first: number;
}>;


export type TaskBeatsQuery = { readonly taskEvents: { readonly nodes: ReadonlyArray<{ readonly sequence: number, readonly timestamp: string, readonly recordedAt: string, readonly component: string, readonly eventType: EventType, readonly stage: ProgressStage }> } | null };

export type TaskEventsFromQueryVariables = Exact<{
  taskId: string;
  afterSequence: number;
  first: number;
  filter?: TaskEventFilter | null | undefined;
}>;


export type TaskEventsFromQuery = { readonly taskEvents: { readonly nodes: ReadonlyArray<{ readonly eventId: string, readonly sequence: number, readonly eventType: EventType, readonly timestamp: string, readonly recordedAt: string, readonly component: string, readonly stage: ProgressStage, readonly message: string, readonly details: Record<string, unknown> | null, readonly progress: number | null, readonly estimatedTimeRemaining: string | null }> } | null };

export type TaskProgressAtQueryVariables = Exact<{
  taskId: string;
  atSequence: number;
}>;


export type TaskProgressAtQuery = { readonly taskProgress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number, readonly components: ReadonlyArray<{ readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }> } | null };

export type ProgressFieldsFragment = { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number };

export type ComponentFieldsFragment = { readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string };

export type EventFieldsFragment = { readonly eventId: string, readonly sequence: number, readonly eventType: EventType, readonly timestamp: string, readonly recordedAt: string, readonly component: string, readonly stage: ProgressStage, readonly message: string, readonly details: Record<string, unknown> | null, readonly progress: number | null, readonly estimatedTimeRemaining: string | null };

export type TaskUpdatesSubscriptionVariables = Exact<{
  taskId: string;
  after?: string | null | undefined;
  replay?: boolean | null | undefined;
  filter?: TaskEventFilter | null | undefined;
}>;


export type TaskUpdatesSubscription = { readonly taskUpdates:
    | { readonly __typename: 'TaskCheckpoint', readonly cursor: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number, readonly components: ReadonlyArray<{ readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }> } }
    | { readonly __typename: 'TaskEnded', readonly cursor: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number, readonly components: ReadonlyArray<{ readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }> } }
    | { readonly __typename: 'TaskEventRecorded', readonly cursor: string, readonly event: { readonly eventId: string, readonly sequence: number, readonly eventType: EventType, readonly timestamp: string, readonly recordedAt: string, readonly component: string, readonly stage: ProgressStage, readonly message: string, readonly details: Record<string, unknown> | null, readonly progress: number | null, readonly estimatedTimeRemaining: string | null }, readonly component: { readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number } }
    | { readonly __typename: 'TaskGap', readonly reason: GapReason, readonly cursor: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number, readonly components: ReadonlyArray<{ readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }> } }
    | { readonly __typename: 'TaskSnapshot', readonly cursor: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number, readonly components: ReadonlyArray<{ readonly name: string, readonly status: EventType, readonly progress: number, readonly stage: ProgressStage, readonly message: string, readonly startedAt: string, readonly lastUpdate: string }> } }
   };

export type TaskFieldsFragment = { readonly id: string, readonly title: string | null, readonly labels: ReadonlyArray<string>, readonly createdAt: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number }, readonly lastEvent: { readonly component: string, readonly eventType: EventType, readonly message: string, readonly recordedAt: string } | null };

export type TasksUpdatesSubscriptionVariables = Exact<{
  filter?: TaskFilter | null | undefined;
  first?: number | null | undefined;
  maxRate?: number | null | undefined;
}>;


export type TasksUpdatesSubscription = { readonly tasks: { readonly removed: ReadonlyArray<string>, readonly ready: boolean, readonly truncated: boolean, readonly changed: ReadonlyArray<{ readonly id: string, readonly title: string | null, readonly labels: ReadonlyArray<string>, readonly createdAt: string, readonly progress: { readonly taskId: string, readonly status: TaskStatus, readonly stage: ProgressStage, readonly startedAt: string, readonly lastUpdate: string, readonly overallProgress: number, readonly displayProgress: number, readonly sequence: number }, readonly lastEvent: { readonly component: string, readonly eventType: EventType, readonly message: string, readonly recordedAt: string } | null }> } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ObservationFieldsFragmentDoc = new TypedDocumentString(`
    fragment ObservationFields on Observation {
  id
  timestamp
  content
  taskId
  metadata
}
    `, {"fragmentName":"ObservationFields"}) as unknown as TypedDocumentString<ObservationFieldsFragment, unknown>;
export const ComponentFieldsFragmentDoc = new TypedDocumentString(`
    fragment ComponentFields on ComponentProgress {
  name
  status
  progress
  stage
  message
  startedAt
  lastUpdate
}
    `, {"fragmentName":"ComponentFields"}) as unknown as TypedDocumentString<ComponentFieldsFragment, unknown>;
export const EventFieldsFragmentDoc = new TypedDocumentString(`
    fragment EventFields on TaskEvent {
  eventId
  sequence
  eventType
  timestamp
  recordedAt
  component
  stage
  message
  details
  progress
  estimatedTimeRemaining
}
    `, {"fragmentName":"EventFields"}) as unknown as TypedDocumentString<EventFieldsFragment, unknown>;
export const ProgressFieldsFragmentDoc = new TypedDocumentString(`
    fragment ProgressFields on TaskProgress {
  taskId
  status
  stage
  startedAt
  lastUpdate
  overallProgress
  displayProgress
  sequence
}
    `, {"fragmentName":"ProgressFields"}) as unknown as TypedDocumentString<ProgressFieldsFragment, unknown>;
export const TaskFieldsFragmentDoc = new TypedDocumentString(`
    fragment TaskFields on Task {
  id
  title
  labels
  createdAt
  progress {
    ...ProgressFields
  }
  lastEvent {
    component
    eventType
    message
    recordedAt
  }
}
    fragment ProgressFields on TaskProgress {
  taskId
  status
  stage
  startedAt
  lastUpdate
  overallProgress
  displayProgress
  sequence
}`, {"fragmentName":"TaskFields"}) as unknown as TypedDocumentString<TaskFieldsFragment, unknown>;
export const EmitEventsDocument = new TypedDocumentString(`
    mutation EmitEvents($inputs: [EmitEventInput!]!) {
  emitEvents(inputs: $inputs) {
    results {
      duplicate
      event {
        eventId
        taskId
        sequence
      }
    }
  }
}
    `) as unknown as TypedDocumentString<EmitEventsMutation, EmitEventsMutationVariables>;
export const InitTaskDocument = new TypedDocumentString(`
    mutation InitTask($input: InitTaskInput!) {
  initTask(input: $input) {
    created
  }
}
    `) as unknown as TypedDocumentString<InitTaskMutation, InitTaskMutationVariables>;
export const ObservationUpdatesDocument = new TypedDocumentString(`
    subscription ObservationUpdates($taskId: ID, $after: String, $last: Int) {
  observations(taskId: $taskId, after: $after, last: $last) {
    __typename
    cursor
    ... on ObservationRecorded {
      observation {
        ...ObservationFields
      }
    }
    ... on ObservationGap {
      reason
    }
  }
}
    fragment ObservationFields on Observation {
  id
  timestamp
  content
  taskId
  metadata
}`) as unknown as TypedDocumentString<ObservationUpdatesSubscription, ObservationUpdatesSubscriptionVariables>;
export const TaskHeaderDocument = new TypedDocumentString(`
    query TaskHeader($id: ID!) {
  task(id: $id) {
    id
    title
    labels
    createdAt
  }
}
    `) as unknown as TypedDocumentString<TaskHeaderQuery, TaskHeaderQueryVariables>;
export const TaskHeadingDocument = new TypedDocumentString(`
    query TaskHeading($id: ID!) {
  task(id: $id) {
    title
    labels
    lastEvent {
      recordedAt
    }
  }
}
    `) as unknown as TypedDocumentString<TaskHeadingQuery, TaskHeadingQueryVariables>;
export const TaskBeatsDocument = new TypedDocumentString(`
    query TaskBeats($taskId: ID!, $afterSequence: Int!, $first: Int!) {
  taskEvents(taskId: $taskId, afterSequence: $afterSequence, first: $first) {
    nodes {
      sequence
      timestamp
      recordedAt
      component
      eventType
      stage
    }
  }
}
    `) as unknown as TypedDocumentString<TaskBeatsQuery, TaskBeatsQueryVariables>;
export const TaskEventsFromDocument = new TypedDocumentString(`
    query TaskEventsFrom($taskId: ID!, $afterSequence: Int!, $first: Int!, $filter: TaskEventFilter) {
  taskEvents(
    taskId: $taskId
    afterSequence: $afterSequence
    first: $first
    filter: $filter
  ) {
    nodes {
      ...EventFields
    }
  }
}
    fragment EventFields on TaskEvent {
  eventId
  sequence
  eventType
  timestamp
  recordedAt
  component
  stage
  message
  details
  progress
  estimatedTimeRemaining
}`) as unknown as TypedDocumentString<TaskEventsFromQuery, TaskEventsFromQueryVariables>;
export const TaskProgressAtDocument = new TypedDocumentString(`
    query TaskProgressAt($taskId: ID!, $atSequence: Int!) {
  taskProgress(taskId: $taskId, atSequence: $atSequence) {
    ...ProgressFields
    components {
      ...ComponentFields
    }
  }
}
    fragment ProgressFields on TaskProgress {
  taskId
  status
  stage
  startedAt
  lastUpdate
  overallProgress
  displayProgress
  sequence
}
fragment ComponentFields on ComponentProgress {
  name
  status
  progress
  stage
  message
  startedAt
  lastUpdate
}`) as unknown as TypedDocumentString<TaskProgressAtQuery, TaskProgressAtQueryVariables>;
export const TaskUpdatesDocument = new TypedDocumentString(`
    subscription TaskUpdates($taskId: ID!, $after: String, $replay: Boolean, $filter: TaskEventFilter) {
  taskUpdates(taskId: $taskId, after: $after, replay: $replay, filter: $filter) {
    __typename
    cursor
    progress {
      ...ProgressFields
    }
    ... on TaskEventRecorded {
      event {
        ...EventFields
      }
      component {
        ...ComponentFields
      }
    }
    ... on TaskSnapshot {
      progress {
        components {
          ...ComponentFields
        }
      }
    }
    ... on TaskCheckpoint {
      progress {
        components {
          ...ComponentFields
        }
      }
    }
    ... on TaskGap {
      reason
      progress {
        components {
          ...ComponentFields
        }
      }
    }
    ... on TaskEnded {
      progress {
        components {
          ...ComponentFields
        }
      }
    }
  }
}
    fragment ProgressFields on TaskProgress {
  taskId
  status
  stage
  startedAt
  lastUpdate
  overallProgress
  displayProgress
  sequence
}
fragment ComponentFields on ComponentProgress {
  name
  status
  progress
  stage
  message
  startedAt
  lastUpdate
}
fragment EventFields on TaskEvent {
  eventId
  sequence
  eventType
  timestamp
  recordedAt
  component
  stage
  message
  details
  progress
  estimatedTimeRemaining
}`) as unknown as TypedDocumentString<TaskUpdatesSubscription, TaskUpdatesSubscriptionVariables>;
export const TasksUpdatesDocument = new TypedDocumentString(`
    subscription TasksUpdates($filter: TaskFilter, $first: Int, $maxRate: Float) {
  tasks(filter: $filter, first: $first, maxRate: $maxRate) {
    changed {
      ...TaskFields
    }
    removed
    ready
    truncated
  }
}
    fragment ProgressFields on TaskProgress {
  taskId
  status
  stage
  startedAt
  lastUpdate
  overallProgress
  displayProgress
  sequence
}
fragment TaskFields on Task {
  id
  title
  labels
  createdAt
  progress {
    ...ProgressFields
  }
  lastEvent {
    component
    eventType
    message
    recordedAt
  }
}`) as unknown as TypedDocumentString<TasksUpdatesSubscription, TasksUpdatesSubscriptionVariables>;