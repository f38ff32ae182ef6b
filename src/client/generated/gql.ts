/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "mutation EmitEvents($inputs: [EmitEventInput!]!) {\n  emitEvents(inputs: $inputs) {\n    results {\n      duplicate\n      event {\n        eventId\n        taskId\n        sequence\n      }\n    }\n  }\n}": typeof types.EmitEventsDocument,
    "mutation InitTask($input: InitTaskInput!) {\n  initTask(input: $input) {\n    created\n  }\n}": typeof types.InitTaskDocument,
    "fragment ObservationFields on Observation {\n  id\n  timestamp\n  content\n  taskId\n  metadata\n}\n\nsubscription ObservationUpdates($taskId: ID, $after: String, $last: Int) {\n  observations(taskId: $taskId, after: $after, last: $last) {\n    __typename\n    cursor\n    ... on ObservationRecorded {\n      observation {\n        ...ObservationFields\n      }\n    }\n    ... on ObservationGap {\n      reason\n    }\n  }\n}": typeof types.ObservationFieldsFragmentDoc,
    "query TaskHeader($id: ID!) {\n  task(id: $id) {\n    id\n    title\n    labels\n    createdAt\n  }\n}": typeof types.TaskHeaderDocument,
    "query TaskHeading($id: ID!) {\n  task(id: $id) {\n    title\n    labels\n    lastEvent {\n      recordedAt\n    }\n  }\n}": typeof types.TaskHeadingDocument,
    "query TaskBeats($taskId: ID!, $afterSequence: Int!, $first: Int!) {\n  taskEvents(taskId: $taskId, afterSequence: $afterSequence, first: $first) {\n    nodes {\n      sequence\n      timestamp\n      recordedAt\n      component\n      eventType\n      stage\n    }\n  }\n}\n\nquery TaskEventsFrom($taskId: ID!, $afterSequence: Int!, $first: Int!, $filter: TaskEventFilter) {\n  taskEvents(\n    taskId: $taskId\n    afterSequence: $afterSequence\n    first: $first\n    filter: $filter\n  ) {\n    nodes {\n      ...EventFields\n    }\n  }\n}\n\nquery TaskProgressAt($taskId: ID!, $atSequence: Int!) {\n  taskProgress(taskId: $taskId, atSequence: $atSequence) {\n    ...ProgressFields\n    components {\n      ...ComponentFields\n    }\n  }\n}": typeof types.TaskBeatsDocument,
    "fragment ProgressFields on TaskProgress {\n  taskId\n  status\n  stage\n  startedAt\n  lastUpdate\n  overallProgress\n  displayProgress\n  sequence\n}\n\nfragment ComponentFields on ComponentProgress {\n  name\n  status\n  progress\n  stage\n  message\n  startedAt\n  lastUpdate\n}\n\nfragment EventFields on TaskEvent {\n  eventId\n  sequence\n  eventType\n  timestamp\n  recordedAt\n  component\n  stage\n  message\n  details\n  progress\n  estimatedTimeRemaining\n}\n\nsubscription TaskUpdates($taskId: ID!, $after: String, $replay: Boolean, $filter: TaskEventFilter) {\n  taskUpdates(taskId: $taskId, after: $after, replay: $replay, filter: $filter) {\n    __typename\n    cursor\n    progress {\n      ...ProgressFields\n    }\n    ... on TaskEventRecorded {\n      event {\n        ...EventFields\n      }\n      component {\n        ...ComponentFields\n      }\n    }\n    ... on TaskSnapshot {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskCheckpoint {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskGap {\n      reason\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskEnded {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n  }\n}": typeof types.ProgressFieldsFragmentDoc,
    "fragment TaskFields on Task {\n  id\n  title\n  labels\n  createdAt\n  progress {\n    ...ProgressFields\n  }\n  lastEvent {\n    component\n    eventType\n    message\n    recordedAt\n  }\n}\n\nsubscription TasksUpdates($filter: TaskFilter, $first: Int, $maxRate: Float) {\n  tasks(filter: $filter, first: $first, maxRate: $maxRate) {\n    changed {\n      ...TaskFields\n    }\n    removed\n    ready\n    truncated\n  }\n}": typeof types.TaskFieldsFragmentDoc,
};
const documents: Documents = {
    "mutation EmitEvents($inputs: [EmitEventInput!]!) {\n  emitEvents(inputs: $inputs) {\n    results {\n      duplicate\n      event {\n        eventId\n        taskId\n        sequence\n      }\n    }\n  }\n}": types.EmitEventsDocument,
    "mutation InitTask($input: InitTaskInput!) {\n  initTask(input: $input) {\n    created\n  }\n}": types.InitTaskDocument,
    "fragment ObservationFields on Observation {\n  id\n  timestamp\n  content\n  taskId\n  metadata\n}\n\nsubscription ObservationUpdates($taskId: ID, $after: String, $last: Int) {\n  observations(taskId: $taskId, after: $after, last: $last) {\n    __typename\n    cursor\n    ... on ObservationRecorded {\n      observation {\n        ...ObservationFields\n      }\n    }\n    ... on ObservationGap {\n      reason\n    }\n  }\n}": types.ObservationFieldsFragmentDoc,
    "query TaskHeader($id: ID!) {\n  task(id: $id) {\n    id\n    title\n    labels\n    createdAt\n  }\n}": types.TaskHeaderDocument,
    "query TaskHeading($id: ID!) {\n  task(id: $id) {\n    title\n    labels\n    lastEvent {\n      recordedAt\n    }\n  }\n}": types.TaskHeadingDocument,
    "query TaskBeats($taskId: ID!, $afterSequence: Int!, $first: Int!) {\n  taskEvents(taskId: $taskId, afterSequence: $afterSequence, first: $first) {\n    nodes {\n      sequence\n      timestamp\n      recordedAt\n      component\n      eventType\n      stage\n    }\n  }\n}\n\nquery TaskEventsFrom($taskId: ID!, $afterSequence: Int!, $first: Int!, $filter: TaskEventFilter) {\n  taskEvents(\n    taskId: $taskId\n    afterSequence: $afterSequence\n    first: $first\n    filter: $filter\n  ) {\n    nodes {\n      ...EventFields\n    }\n  }\n}\n\nquery TaskProgressAt($taskId: ID!, $atSequence: Int!) {\n  taskProgress(taskId: $taskId, atSequence: $atSequence) {\n    ...ProgressFields\n    components {\n      ...ComponentFields\n    }\n  }\n}": types.TaskBeatsDocument,
    "fragment ProgressFields on TaskProgress {\n  taskId\n  status\n  stage\n  startedAt\n  lastUpdate\n  overallProgress\n  displayProgress\n  sequence\n}\n\nfragment ComponentFields on ComponentProgress {\n  name\n  status\n  progress\n  stage\n  message\n  startedAt\n  lastUpdate\n}\n\nfragment EventFields on TaskEvent {\n  eventId\n  sequence\n  eventType\n  timestamp\n  recordedAt\n  component\n  stage\n  message\n  details\n  progress\n  estimatedTimeRemaining\n}\n\nsubscription TaskUpdates($taskId: ID!, $after: String, $replay: Boolean, $filter: TaskEventFilter) {\n  taskUpdates(taskId: $taskId, after: $after, replay: $replay, filter: $filter) {\n    __typename\n    cursor\n    progress {\n      ...ProgressFields\n    }\n    ... on TaskEventRecorded {\n      event {\n        ...EventFields\n      }\n      component {\n        ...ComponentFields\n      }\n    }\n    ... on TaskSnapshot {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskCheckpoint {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskGap {\n      reason\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskEnded {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n  }\n}": types.ProgressFieldsFragmentDoc,
    "fragment TaskFields on Task {\n  id\n  title\n  labels\n  createdAt\n  progress {\n    ...ProgressFields\n  }\n  lastEvent {\n    component\n    eventType\n    message\n    recordedAt\n  }\n}\n\nsubscription TasksUpdates($filter: TaskFilter, $first: Int, $maxRate: Float) {\n  tasks(filter: $filter, first: $first, maxRate: $maxRate) {\n    changed {\n      ...TaskFields\n    }\n    removed\n    ready\n    truncated\n  }\n}": types.TaskFieldsFragmentDoc,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation EmitEvents($inputs: [EmitEventInput!]!) {\n  emitEvents(inputs: $inputs) {\n    results {\n      duplicate\n      event {\n        eventId\n        taskId\n        sequence\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').EmitEventsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation InitTask($input: InitTaskInput!) {\n  initTask(input: $input) {\n    created\n  }\n}"): typeof import('./graphql.ts').InitTaskDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment ObservationFields on Observation {\n  id\n  timestamp\n  content\n  taskId\n  metadata\n}\n\nsubscription ObservationUpdates($taskId: ID, $after: String, $last: Int) {\n  observations(taskId: $taskId, after: $after, last: $last) {\n    __typename\n    cursor\n    ... on ObservationRecorded {\n      observation {\n        ...ObservationFields\n      }\n    }\n    ... on ObservationGap {\n      reason\n    }\n  }\n}"): typeof import('./graphql.ts').ObservationFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query TaskHeader($id: ID!) {\n  task(id: $id) {\n    id\n    title\n    labels\n    createdAt\n  }\n}"): typeof import('./graphql.ts').TaskHeaderDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query TaskHeading($id: ID!) {\n  task(id: $id) {\n    title\n    labels\n    lastEvent {\n      recordedAt\n    }\n  }\n}"): typeof import('./graphql.ts').TaskHeadingDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query TaskBeats($taskId: ID!, $afterSequence: Int!, $first: Int!) {\n  taskEvents(taskId: $taskId, afterSequence: $afterSequence, first: $first) {\n    nodes {\n      sequence\n      timestamp\n      recordedAt\n      component\n      eventType\n      stage\n    }\n  }\n}\n\nquery TaskEventsFrom($taskId: ID!, $afterSequence: Int!, $first: Int!, $filter: TaskEventFilter) {\n  taskEvents(\n    taskId: $taskId\n    afterSequence: $afterSequence\n    first: $first\n    filter: $filter\n  ) {\n    nodes {\n      ...EventFields\n    }\n  }\n}\n\nquery TaskProgressAt($taskId: ID!, $atSequence: Int!) {\n  taskProgress(taskId: $taskId, atSequence: $atSequence) {\n    ...ProgressFields\n    components {\n      ...ComponentFields\n    }\n  }\n}"): typeof import('./graphql.ts').TaskBeatsDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment ProgressFields on TaskProgress {\n  taskId\n  status\n  stage\n  startedAt\n  lastUpdate\n  overallProgress\n  displayProgress\n  sequence\n}\n\nfragment ComponentFields on ComponentProgress {\n  name\n  status\n  progress\n  stage\n  message\n  startedAt\n  lastUpdate\n}\n\nfragment EventFields on TaskEvent {\n  eventId\n  sequence\n  eventType\n  timestamp\n  recordedAt\n  component\n  stage\n  message\n  details\n  progress\n  estimatedTimeRemaining\n}\n\nsubscription TaskUpdates($taskId: ID!, $after: String, $replay: Boolean, $filter: TaskEventFilter) {\n  taskUpdates(taskId: $taskId, after: $after, replay: $replay, filter: $filter) {\n    __typename\n    cursor\n    progress {\n      ...ProgressFields\n    }\n    ... on TaskEventRecorded {\n      event {\n        ...EventFields\n      }\n      component {\n        ...ComponentFields\n      }\n    }\n    ... on TaskSnapshot {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskCheckpoint {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskGap {\n      reason\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n    ... on TaskEnded {\n      progress {\n        components {\n          ...ComponentFields\n        }\n      }\n    }\n  }\n}"): typeof import('./graphql.ts').ProgressFieldsFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment TaskFields on Task {\n  id\n  title\n  labels\n  createdAt\n  progress {\n    ...ProgressFields\n  }\n  lastEvent {\n    component\n    eventType\n    message\n    recordedAt\n  }\n}\n\nsubscription TasksUpdates($filter: TaskFilter, $first: Int, $maxRate: Float) {\n  tasks(filter: $filter, first: $first, maxRate: $maxRate) {\n    changed {\n      ...TaskFields\n    }\n    removed\n    ready\n    truncated\n  }\n}"): typeof import('./graphql.ts').TaskFieldsFragmentDoc;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
