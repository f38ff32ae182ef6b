/** The steps of the stream of observations. As with a task's, no resolver reads the context. */
import { formatCursor } from '../domain/cursor.ts';
import type { ObservationUpdate } from '../manager/observation-updates.ts';
import { builder } from './builder.ts';
import { gapReasonRef } from './enums.ts';
import { observationRef } from './observation.ts';

type Step<Kind extends ObservationUpdate['kind']> = Extract<ObservationUpdate, { readonly kind: Kind }>;

export const observationUpdateRef = builder.interfaceRef<ObservationUpdate>('ObservationUpdate').implement({
  description: 'One step of the stream of observations.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Pass it as `after` to go on from here, over any transport, after any time.',
      resolve: ({ cursor }) => formatCursor(cursor),
    }),
  }),
  resolveType: ({ kind }) => TYPE_NAMES[kind],
});

const TYPE_NAMES = Object.freeze({
  recorded: 'ObservationRecorded',
  checkpoint: 'ObservationCheckpoint',
  gap: 'ObservationGap',
} satisfies Record<ObservationUpdate['kind'], string>);

builder.objectRef<Step<'recorded'>>('ObservationRecorded').implement({
  description: 'One observation was published.',
  interfaces: [observationUpdateRef],
  fields: (t) => ({
    observation: t.expose('observation', { type: observationRef, description: 'The observation.' }),
  }),
});

builder.objectRef<ObservationUpdate>('ObservationCheckpoint').implement({
  description: 'Nothing to deliver up to `cursor`.',
  interfaces: [observationUpdateRef],
});

builder.objectRef<Step<'gap'>>('ObservationGap').implement({
  description: 'Continuity was lost here; the stream goes on from `cursor`.',
  interfaces: [observationUpdateRef],
  fields: (t) => ({
    reason: t.expose('reason', { type: gapReasonRef, description: 'Why the stream could not go on.' }),
  }),
});
