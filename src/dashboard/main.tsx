/** The dashboard: every task as a score, as it happens. */
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/run.css';
import './style/score.css';
import './style/feed.css';
import './style/board.css';
import './style/task-rows.css';
import './style/first-event.css';
import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { App } from './shell/app.tsx';
import { readGreeting } from './shell/server.ts';

/** A page that came from a cache while its server is away waits for it. */
async function start(root: Root): Promise<void> {
  const greeting = await readGreeting(AbortSignal.timeout(10_000)).catch((error: unknown) => {
    root.render(
      <p className="note failed" role="alert">
        The server cannot be reached; trying again. ({String(error)})
      </p>,
    );
  });
  if (greeting === undefined) {
    setTimeout(() => void start(root), RETRY_MS);
    return;
  }
  root.render(
    <StrictMode>
      <App {...greeting} />
    </StrictMode>,
  );
}

const RETRY_MS = 2_000;

const element = document.getElementById('root');
if (element !== null) void start(createRoot(element));
