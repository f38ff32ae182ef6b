/**
 * Many rows as parameters of one statement: a parameter for each column, taken apart by the server. A text column
 * travels as its values joined by line feeds. No value of ours is empty or holds one (ids, digests and JSON texts),
 * so nothing is escaped on either side; that is what makes it cheap.
 */
export interface Column<Name extends string = string> {
  readonly name: Name;
  readonly type: 'text' | 'bigint' | 'float8' | 'boolean';
}

export type Cell = string | number | boolean;

/** `unnest(…)` with the names of the columns, as parameters $1, $2 …; for FROM. */
export function tableOf(columns: readonly Column[], alias: string): string {
  const parameters = columns.map(({ type }, index) => listParameter(index + 1, type));
  return `unnest(${parameters.join(', ')}) AS ${alias} (${columns.map(({ name }) => name).join(', ')})`;
}

export function listParameter(number: number, type: Column['type'] = 'text'): string {
  return type === 'text' ? `string_to_array($${number}, E'\\n')` : `$${number}::${type}[]`;
}

/** The values of the parameters. */
export function columnsOf<Name extends string>(
  columns: readonly Column<Name>[],
  rows: readonly Readonly<Record<Name, Cell>>[],
): readonly string[] {
  return columns.map(({ name, type }) =>
    list(
      type,
      rows.map((row) => row[name]),
    ),
  );
}

export function list(type: Column['type'], values: readonly Cell[]): string {
  return type === 'text' ? values.join('\n') : `{${values.join(',')}}`;
}
