/**
 * What a client would rather have: an event stream, or JSON. Naming event streams is not enough: urql lists them last,
 * as something it could read too, on every query it sends.
 */

const EVENT_STREAM = 'text/event-stream';
const ANSWERS: ReadonlySet<string> = new Set([
  EVENT_STREAM,
  'application/graphql-response+json',
  'application/json',
  'application/*',
]);

/** The first of the best liked wins. A client that names nothing we know gets JSON. */
export function prefersEventStream(accept: string | undefined): boolean {
  if (accept?.includes(EVENT_STREAM) !== true) return false;
  const [best] = accept
    .split(',')
    .map(parseRange)
    .filter(({ mediaType }) => ANSWERS.has(mediaType))
    .toSorted((a, b) => b.quality - a.quality);
  return best?.mediaType === EVENT_STREAM && best.quality > 0;
}

function parseRange(text: string): { readonly mediaType: string; readonly quality: number } {
  const [mediaType = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { mediaType, quality: quality === undefined ? 1 : Number.parseFloat(quality) || 0 };
}
