/**
 * The app that every GraphQL peer serves: one schema text, a part of Drumline's, and resolvers that do the least an
 * honest app would. They store nothing: an event is numbered along its task, becomes an update and is published.
 */
export const TYPE_DEFS = /* GraphQL */ `
  enum EventType {
    TASK_STARTED
    TASK_COMPLETED
    TASK_FAILED
    DATA_GATHERING
    ANALYSIS_STARTED
    ANALYSIS_COMPLETED
    PROGRESS_UPDATE
    WARNING
    ERROR
  }

  enum ProgressStage {
    PLANNING
    DATA_GATHERING
    ANALYSIS
    SYNTHESIS
    REVIEW
    COMPLETE
    FAILED
  }

  enum TaskStatus {
    RUNNING
    COMPLETED
    FAILED
  }

  scalar DateTime
  scalar JSONObject

  input EmitEventInput {
    eventId: ID
    taskId: ID!
    eventType: EventType!
    timestamp: DateTime
    component: String!
    stage: ProgressStage!
    message: String!
    details: JSONObject
    progress: Float
    estimatedTimeRemaining: String
  }

  interface TaskUpdate {
    cursor: String!
    progress: TaskProgress!
  }

  type TaskEventRecorded implements TaskUpdate {
    cursor: String!
    progress: TaskProgress!
    event: TaskEvent!
    component: ComponentProgress!
  }

  type TaskEvent {
    id: ID!
    eventId: ID!
    taskId: ID!
    sequence: Int!
    eventType: EventType!
    timestamp: DateTime!
    recordedAt: DateTime!
    component: String!
    stage: ProgressStage!
    message: String!
    details: JSONObject
    progress: Float
    estimatedTimeRemaining: String
    cursor: String!
  }

  type ComponentProgress {
    name: String!
    status: EventType!
    progress: Float!
    stage: ProgressStage!
    message: String!
    startedAt: DateTime!
    lastUpdate: DateTime!
  }

  type TaskProgress {
    taskId: ID!
    status: TaskStatus!
    stage: ProgressStage!
    startedAt: DateTime!
    lastUpdate: DateTime!
    components: [ComponentProgress!]!
    overallProgress: Float!
    displayProgress: Float!
    sequence: Int!
    cursor: String!
  }

  type EmitEventPayload {
    event: TaskEvent!
    duplicate: Boolean!
  }

  type EmitEventsPayload {
    results: [EmitEventPayload!]!
  }

  type Query {
    taskProgress(taskId: ID!): TaskProgress
  }

  type Mutation {
    emitEvent(input: EmitEventInput!): EmitEventPayload!
    emitEvents(inputs: [EmitEventInput!]!): EmitEventsPayload!
  }

  type Subscription {
    taskUpdates(taskId: ID!): TaskUpdate!
  }
`;

export interface EmitEventInput {
  readonly eventId?: string | null;
  readonly taskId: string;
  readonly eventType: string;
  readonly component: string;
  readonly stage: string;
  readonly message: string;
  readonly progress?: number | null;
}

/** As a subscription's source yields it. */
export interface Payload {
  readonly taskUpdates: Update;
}
export type Update = ReturnType<typeof createUpdate>;

/** What an app takes from the library that it is written with. `Context` is how Mercurius hands over its own. */
export interface PubSub<Context> {
  publish(taskId: string, payload: Payload, context: Context): unknown;
  subscribe(taskId: string, context: Context): unknown;
}

export function createResolvers<Context>(pubSub: PubSub<Context>) {
  const record = createRecorder();
  const emit = async (input: EmitEventInput, context: Context) => {
    const update = record(input);
    await pubSub.publish(input.taskId, { taskUpdates: update }, context);
    return { event: update.event, duplicate: false };
  };
  return {
    Mutation: {
      emitEvent: (_root: unknown, args: { input: EmitEventInput }, context: Context) => emit(args.input, context),
      async emitEvents(_root: unknown, args: { inputs: readonly EmitEventInput[] }, context: Context) {
        const results = [];
        for (const input of args.inputs) results.push(await emit(input, context));
        return { results };
      },
    },
    Query: { taskProgress: () => null },
    Subscription: {
      taskUpdates: {
        subscribe: (_root: unknown, args: { taskId: string }, context: Context) =>
          pubSub.subscribe(args.taskId, context),
      },
    },
  };
}

interface ComponentState {
  readonly name: string;
  readonly status: string;
  readonly progress: number;
  readonly stage: string;
  readonly message: string;
  readonly startedAt: string;
  readonly lastUpdate: string;
}
interface TaskState {
  sequence: number;
  readonly startedAt: string;
  readonly components: Map<string, ComponentState>;
}

/** Numbers the events of each task and keeps what each component last said. */
export function createRecorder(): (input: EmitEventInput) => Update {
  const tasks = new Map<string, TaskState>();
  return (input) => {
    const now = new Date().toISOString();
    let task = tasks.get(input.taskId);
    if (task === undefined) tasks.set(input.taskId, (task = { sequence: 0, startedAt: now, components: new Map() }));
    task.sequence += 1;
    const { component: name, eventType: status, stage, message } = input;
    const before = task.components.get(name);
    const component = {
      name,
      status,
      progress: input.progress ?? before?.progress ?? 0,
      stage,
      message,
      startedAt: before?.startedAt ?? now,
      lastUpdate: now,
    };
    task.components.set(name, component);
    return createUpdate({ input, now, task, component });
  };
}

interface Change {
  readonly input: EmitEventInput;
  readonly now: string;
  readonly task: TaskState;
  readonly component: ComponentState;
}

function createUpdate({ input, now, task, component }: Change) {
  const { sequence } = task;
  const eventId = input.eventId ?? `${input.taskId}-${sequence}`;
  // As long as Drumline's, so that the messages have the same size.
  const cursor = `v1.${sequence}.7d118e025cef3eed`;
  const components = [...task.components.values()];
  const overallProgress = components.reduce((sum, { progress }) => sum + progress, 0) / components.length;
  return {
    __typename: 'TaskEventRecorded' as const,
    cursor,
    event: {
      id: `${input.taskId}#${sequence}`,
      eventId,
      taskId: input.taskId,
      sequence,
      eventType: input.eventType,
      timestamp: now,
      recordedAt: now,
      component: input.component,
      stage: input.stage,
      message: input.message,
      details: null,
      progress: input.progress ?? null,
      estimatedTimeRemaining: null,
      cursor,
    },
    component,
    progress: {
      taskId: input.taskId,
      status: 'RUNNING' as const,
      stage: input.stage,
      startedAt: task.startedAt,
      lastUpdate: now,
      components,
      overallProgress,
      displayProgress: Math.min(overallProgress, 0.99),
      sequence,
      cursor,
    },
  };
}
