/** The state of something as a shape, so that it is told without its colour. */
import type { ReactElement } from 'react';
import type { Look } from '../../view/look.ts';

const PATHS: Readonly<Record<Look, ReactElement>> = {
  waiting: <circle cx="8" cy="8" r="4.5" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  running: <path d="M4.5 2.5v11l9-5.5z" fill="currentColor" />,
  done: <path d="M2.5 8.5l3.7 3.7L13.5 4" fill="none" stroke="currentColor" strokeWidth="2.2" />,
  warning: (
    <path d="M8 1.5L15.2 14.5H.8zM7.1 6v4.4h1.8V6zM7.1 11.6v1.6h1.8v-1.6z" fill="currentColor" fillRule="evenodd" />
  ),
  failed: <path d="M3 3l10 10M13 3L3 13" fill="none" stroke="currentColor" strokeWidth="2.6" />,
};

export function Mark({ look }: { readonly look: Look }): ReactElement {
  return (
    <svg className={`mark ${look}`} viewBox="0 0 16 16" role="img" aria-label={look}>
      {PATHS[look]}
    </svg>
  );
}
