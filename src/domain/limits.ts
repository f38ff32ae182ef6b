/**
 * The bounds of the contract: what one event, one batch and one page may hold. They are part of what a producer
 * may rely on, so they are the same for every driver and transport; settings that an operator tunes are in
 * `config.ts`.
 */
export const LIMITS = Object.freeze({
  /** Characters of a task id, an event id or an observation id. */
  idLength: 128,
  /** Characters of a component's name. */
  componentLength: 128,
  /** Bytes of `message`, UTF-8. */
  messageBytes: 2 * 1024,
  /** Bytes of `estimatedTimeRemaining`, UTF-8. */
  estimateBytes: 256,
  /** Bytes of a task's title or of one label, UTF-8. */
  titleBytes: 512,
  /** Labels of one task. */
  labels: 32,
  /** Bytes of an observation's content, UTF-8. */
  observationBytes: 16 * 1024,
  /** Bytes of `details` or `metadata` as JSON text, UTF-8. */
  detailsBytes: 32 * 1024,
  /** Levels of nesting in `details`; the object itself is the first. */
  detailsDepth: 16,
  /** Keys of all objects in `details` together. */
  detailsKeys: 256,
  /** Events of one append. */
  batchEvents: 1_000,
  /** Components that may report on one task. */
  componentsPerTask: 1_000,
  /** Items of a page, unless asked otherwise, and at most. */
  pageDefault: 50,
  pageMax: 1_000,
  /** Events that one filtered page looks at before it answers with what it found. */
  scanEvents: 10_000,
  /** Tasks that a live board begins with, unless asked otherwise, and at most. */
  boardTasks: 1_000,
  boardMax: 10_000,
  /** The highest sequence: GraphQL's Int is 32 bits wide. */
  maxSeq: 2_147_483_647,
} as const);
