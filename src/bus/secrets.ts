/** An error goes to logs that many may read; the address of a server holds a password. */

/** The text with the password of the URL blotted out, as it is written there and as it is sent. */
export function withoutPassword(text: string, url: string): string {
  const written = URL.parse(url)?.password ?? '';
  if (written === '') return text;
  return text.replaceAll(decoded(written), '***').replaceAll(written, '***');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
