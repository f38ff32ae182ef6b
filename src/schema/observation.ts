/** One observation, as the API shows it. */
import { formatCursor } from '../domain/cursor.ts';
import type { Observation } from '../domain/observation.ts';
import { builder } from './builder.ts';

export const observationRef = builder.objectRef<Observation>('Observation').implement({
  description: "An observer's commentary, on one task or on the whole system.",
  fields: (t) => ({
    id: t.exposeID('id', { description: "The observer's id for it, or one that the server made. Unique." }),
    timestamp: t.expose('timestamp', { type: 'DateTime', description: "When it was made, by the observer's clock." }),
    content: t.exposeString('content', { description: 'The commentary.' }),
    taskId: t.exposeID('taskId', {
      nullable: true,
      description: 'The task that it is about, known or not. Null: the whole system.',
    }),
    metadata: t.expose('metadata', {
      type: 'JSONObject',
      description: 'Whatever else the observer said, as it said it; empty when nothing.',
    }),
    cursor: t.string({
      description: 'The place just after it in the stream of observations.',
      resolve: (observation) => formatCursor(observation),
    }),
  }),
});
