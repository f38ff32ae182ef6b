/** As much of a terminal as `live-area.ts` uses: what a person would see after all that was written. */

const ESCAPE = '\u001b';
/** A control sequence, or one character. */
const TOKEN = new RegExp(String.raw`${ESCAPE}\[[?\d;]*[A-Za-z]|[\s\S]`, 'gu');

export function showOnTerminal(written: string): string[] {
  const rows: string[] = [''];
  let row = 0;
  let column = 0;
  const put = (character: string): void => {
    const line = (rows[row] ?? '').padEnd(column);
    rows[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  for (const [token] of written.matchAll(TOKEN)) {
    if (token === '\n') {
      row += 1;
      column = 0;
      rows[row] ??= '';
    } else if (token === '\r') column = 0;
    else if (!token.startsWith(ESCAPE)) put(token);
    else if (token.endsWith('A')) row = Math.max(0, row - Number(token.slice(2, -1)));
    else if (token.endsWith('K')) rows[row] = (rows[row] ?? '').slice(0, column);
    else if (token.endsWith('J')) {
      rows.length = row + 1;
      rows[row] = (rows[row] ?? '').slice(0, column);
    } else if (!/[hlm]$/.test(token))
      throw new Error(`a sequence that this terminal does not know: ${JSON.stringify(token)}`);
  }
  return rows.map((line) => line.trimEnd());
}
