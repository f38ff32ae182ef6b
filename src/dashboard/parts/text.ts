/** Text from elsewhere, made fit for one line. */

/** Control characters and line ends become spaces; everything else stays. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** For a line without markup: whatever it turns around, and leaves open, ends with it. */
export function ownDirection(text: string): string {
  if (!/\p{Bidi_Control}/u.test(text)) return text;
  const opened = text.match(/[\u2066-\u2068]/g)?.length ?? 0;
  return `\u2068${text}${'\u2069'.repeat(opened + 1)}`;
}
