/** Text from elsewhere, made fit for one line. */

/** Control characters and line ends become spaces; everything else stays. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}
