/** A JSON value as a tree that folds; every text in it is somebody else's. */
import type { ReactElement } from 'react';

/** Deeper ones are folded at first. */
const OPEN_DEPTH = 2;

export function Tree({ value, depth = 0 }: { readonly value: unknown; readonly depth?: number }): ReactElement {
  if (typeof value !== 'object' || value === null) {
    return (
      <code className="leaf foreign" dir="auto">
        {JSON.stringify(value)}
      </code>
    );
  }
  const isList = Array.isArray(value);
  const entries = Object.entries(value);
  if (entries.length === 0) return <code className="leaf">{isList ? '[]' : '{}'}</code>;
  return (
    <ul className="tree">
      {entries.map(([key, each]) => (
        <li key={key}>
          {isBranch(each) ? (
            <details open={depth + 1 < OPEN_DEPTH}>
              <summary>
                <code className="foreign" dir="auto">
                  {key}
                </code>{' '}
                <span className="soft">{sizeOf(each)}</span>
              </summary>
              <Tree value={each} depth={depth + 1} />
            </details>
          ) : (
            <>
              <code className="key foreign" dir="auto">
                {key}
              </code>{' '}
              <Tree value={each} depth={depth + 1} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function sizeOf(value: object): string {
  const count = Object.keys(value).length;
  if (Array.isArray(value)) return `${count} ${count === 1 ? 'item' : 'items'}`;
  return `${count} ${count === 1 ? 'field' : 'fields'}`;
}
