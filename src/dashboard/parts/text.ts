/** Text from elsewhere, made fit for one line. */

/** Control characters and line ends become spaces; everything else stays. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

/** For a line without markup: whatever it turns around ends with it. */
export function ownDirection(text: string): string {
  return /\p{Bidi_Control}/u.test(text) ? `\u2068${text}\u2069` : text;
}
