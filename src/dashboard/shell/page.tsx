/** What every view has: the bar at the top, and the keys. */
import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { isAboutCaller } from '../../client/errors.ts';
import { Link } from './link.tsx';
import { useServer } from './server.ts';
import { Shortcuts, type Shortcut } from './shortcuts.tsx';

export interface PageProps {
  readonly title: string;
  /** Beside the mark: where one is. */
  readonly place?: ReactNode;
  readonly connection: ReactNode;
  /** For GraphiQL: the operation that this view shows. */
  readonly operation: string;
  readonly shortcuts: readonly Shortcut[];
  /** What went wrong for good. */
  readonly error?: Error | undefined;
  readonly children: ReactNode;
}

export function Page({ title, place, connection, operation, shortcuts, error, children }: PageProps): ReactElement {
  const { facts, signOut, onRefused } = useServer();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => {
    // Another key or token may do.
    if (error !== undefined && isAboutCaller(error)) onRefused(error);
  }, [error, onRefused]);
  return (
    <div className="page">
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header className="top">
        <Link to={{}} className="home">
          <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
            <path d="M2 7h28M2 16h28M2 25h28" stroke="currentColor" strokeWidth="1.5" strokeOpacity=".5" />
            <path
              d="M6 7h0M16 7h0M11 16h0M21 16h0M16 25h0M26 25h0"
              stroke="currentColor"
              strokeWidth="5.4"
              strokeLinecap="round"
            />
          </svg>
          <b>Drumline</b>
        </Link>
        {place}
        <span className="fill" />
        {connection}
        {facts.graphiql && (
          <a className="graphiql" href={`./graphql?query=${encodeURIComponent(operation)}`}>
            GraphiQL
          </a>
        )}
        {signOut !== undefined && (
          <button className="quiet" onClick={signOut}>
            Sign out
          </button>
        )}
        <button className="quiet keys" onClick={() => setHelpOpen(true)} aria-label="Keyboard shortcuts">
          <kbd>?</kbd>
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
      <Shortcuts shortcuts={shortcuts} isOpen={isHelpOpen} setOpen={setHelpOpen} />
    </div>
  );
}
