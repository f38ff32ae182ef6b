/**
 * What a client would rather have: an event stream, or JSON; and what it takes compressed. Naming event streams is not
 * enough: urql lists them last, as something it could read too, on every query it sends.
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
    .map(parseChoice)
    .filter(({ name }) => ANSWERS.has(name))
    .toSorted((a, b) => b.quality - a.quality);
  return best?.name === EVENT_STREAM && best.quality > 0;
}

export type ContentEncoding = 'br' | 'gzip';

/** The smaller one of those that the client takes, whichever it likes better. */
export function acceptedEncoding(accept: string | undefined): ContentEncoding | undefined {
  const taken = (accept ?? '')
    .split(',')
    .map(parseChoice)
    .filter(({ quality }) => quality > 0);
  return (['br', 'gzip'] as const).find((encoding) => taken.some(({ name }) => name === encoding));
}

function parseChoice(text: string): { readonly name: string; readonly quality: number } {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  return { name, quality: quality === undefined ? 1 : Number.parseFloat(quality) || 0 };
}
