/** The stages of a task in their order, as the schema names them. One that failed is in `FAILED`, wherever it was. */
export const STAGES = ['PLANNING', 'DATA_GATHERING', 'ANALYSIS', 'SYNTHESIS', 'REVIEW', 'COMPLETE'] as const;
