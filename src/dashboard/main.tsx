/** The dashboard: every task as a score, as it happens. */
import './style/tokens.css';
import './style/base.css';
import './style/shell.css';
import './style/run.css';
import './style/board.css';
import './style/task-rows.css';
import './style/first-event.css';
import { StrictMode } from 'react';
import { createRoot, type Root } from 'react-dom/client';
import { App } from './shell/app.tsx';
import { readFacts } from './shell/server.ts';

async function start(root: Root): Promise<void> {
  try {
    const facts = await readFacts(AbortSignal.timeout(10_000));
    root.render(
      <StrictMode>
        <App facts={facts} />
      </StrictMode>,
    );
  } catch (error) {
    root.render(<p className="note failed">The server cannot be reached: {String(error)}</p>);
  }
}

const element = document.getElementById('root');
if (element !== null) void start(createRoot(element));
