/** The tables as a document. What is in it was sent and answered: it is written from the outcomes of the test. */
import type { OtherRow, Row } from './row.ts';

export interface Section {
  readonly title: string;
  readonly rows: readonly (Pick<Row<unknown>, 'row' | 'what' | 'expected' | 'instead'> & { readonly got: string })[];
}

const HEAD = `# Bad inputs

Everything here is sent to a running server by \`test/bad-inputs\`, and gets the answer that stands here. After each the
server is ready, nothing was stored that the row does not say, nobody stayed behind, no error was missed or logged, and
no secret was in the answer. What is right is in [PROTOCOL.md](../PROTOCOL.md), the limits in [security.md](security.md).

\`✓\`: what was expected. Otherwise what comes instead, and why. Rows keep their numbers; those that went away leave holes.

Written by the test: \`npx vitest run --project unit test/bad-inputs -u\`.
`;

export function toMarkdown(sections: readonly Section[], others: readonly OtherRow[]): string {
  const tables = sections.map(({ title, rows }) => {
    const lines = inOrder(rows).map(({ row, what, expected, instead, got }) =>
      line([String(row), what, expected, instead === undefined ? markOf(got, expected) : `${got}: ${instead.because}`]),
    );
    return [
      '',
      `## ${title}`,
      '',
      line(['Row', 'Sent', 'Expected', 'Got']),
      line(['---', '---', '---', '---']),
      ...lines,
    ];
  });
  const rest = inOrder(others).map(({ row, what, because }) => line([String(row), what, because]));
  const end = ['', '## Not sent here', '', line(['Row', 'What', 'Because']), line(['---', '---', '---']), ...rest, ''];
  return `${HEAD}${[...tables.flat(), ...end].join('\n')}`;
}

function markOf(got: string, expected: string): string {
  return got === expected ? '✓' : got;
}

function inOrder<R extends { readonly row: number }>(rows: readonly R[]): readonly R[] {
  return rows.toSorted((one, other) => one.row - other.row);
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`;
}
