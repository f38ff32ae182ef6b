/** Pages, in the Relay manner: edges for those who need each cursor, nodes for those who do not. */
import { formatCursor } from '../domain/cursor.ts';
import type { TaskEvent } from '../domain/event.ts';
import type { Observation } from '../domain/observation.ts';
import type { Page } from '../manager/page.ts';
import { builder } from './builder.ts';
import { gapReasonRef } from './enums.ts';
import { observationRef } from './observation.ts';
import { taskEventRef } from './task-event.ts';

/** Where a page lies among the others. */
export interface PageInfo {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | undefined;
  readonly endCursor: string | undefined;
}

export const pageInfoRef = builder.objectRef<PageInfo>('PageInfo').implement({
  description: 'Where a page lies among the others.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', { description: 'Whether there is more after this page.' }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', { description: 'Whether there is more before this page.' }),
    startCursor: t.exposeString('startCursor', {
      nullable: true,
      description: 'Pass it as `before` to read the page before. Null when the page is empty.',
    }),
    endCursor: t.exposeString('endCursor', {
      nullable: true,
      description:
        'Pass it as `after` to read the page after. For events and observations it is never null: under a filter an ' +
        'empty page tells with it how far was looked.',
    }),
  }),
});

const taskEventEdgeRef = builder.objectRef<TaskEvent>('TaskEventEdge').implement({
  description: 'An event and its place.',
  fields: (t) => ({
    cursor: t.string({ description: 'The place just after the event.', resolve: (event) => formatCursor(event) }),
    node: t.field({ type: taskEventRef, description: 'The event.', resolve: (event) => event }),
  }),
});

export const taskEventConnectionRef = builder.objectRef<Page<TaskEvent>>('TaskEventConnection').implement({
  description: "A page of a task's log, oldest event first.",
  fields: (t) => ({
    edges: t.expose('items', { type: [taskEventEdgeRef], description: 'The events with their places.' }),
    nodes: t.expose('items', { type: [taskEventRef], description: 'The events.' }),
    pageInfo: t.field({ type: pageInfoRef, description: 'Where this page lies.', resolve: (page) => toPageInfo(page) }),
    gap: t.expose('gap', {
      type: gapReasonRef,
      nullable: true,
      description:
        'Null when the page goes on from `after` (or `before`); else why it could not, and the page begins with the ' +
        'oldest event kept.',
    }),
  }),
});

const observationEdgeRef = builder.objectRef<Observation>('ObservationEdge').implement({
  description: 'An observation and its place.',
  fields: (t) => ({
    cursor: t.string({ description: 'The place just after the observation.', resolve: (one) => formatCursor(one) }),
    node: t.field({ type: observationRef, description: 'The observation.', resolve: (one) => one }),
  }),
});

export const observationConnectionRef = builder.objectRef<Page<Observation>>('ObservationConnection').implement({
  description: 'A page of the stream of observations, oldest first.',
  fields: (t) => ({
    edges: t.expose('items', { type: [observationEdgeRef], description: 'The observations with their places.' }),
    nodes: t.expose('items', { type: [observationRef], description: 'The observations.' }),
    pageInfo: t.field({ type: pageInfoRef, description: 'Where this page lies.', resolve: (page) => toPageInfo(page) }),
  }),
});

function toPageInfo({ hasNextPage, hasPreviousPage, startCursor, endCursor }: Page<unknown>): PageInfo {
  return {
    hasNextPage,
    hasPreviousPage,
    startCursor: startCursor === undefined ? undefined : formatCursor(startCursor),
    endCursor: formatCursor(endCursor),
  };
}
