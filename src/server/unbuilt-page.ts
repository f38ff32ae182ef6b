/** The page at `/` of a checkout whose dashboard was not built: how to build it, and where to go meanwhile. */
import { GRAPHQL_PATH } from './graphql.ts';
import { MARK } from './mark.ts';

export function unbuiltPage(graphiql: boolean): string {
  const explore = graphiql ? `<a href=".${GRAPHQL_PATH}">Open GraphiQL</a>` : 'GraphiQL is switched off here.';
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Drumline</title>
<link rel="icon" href="./favicon.svg">
<style>
  :root { color-scheme: light dark; --ink: #1c2430; --soft: #5c6675; --paper: #fdfdfb; --line: #dcdfe4; --run: #2b6cb0 }
  @media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #98a2b0; --paper: #14181e; --line: #2c333d; --run: #7db3e8 } }
  body { max-width: 40rem; margin: 16vh auto; padding: 0 24px; font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper) }
  h1 { display: flex; align-items: center; gap: 12px; font-size: 28px; margin: 0 0 4px }
  p { margin: 0 0 24px; color: var(--soft) }
  dl { display: grid; grid-template-columns: max-content 1fr; gap: 8px 24px; border-top: 1px solid var(--line); padding-top: 16px; margin: 0 }
  dt { color: var(--soft) }
  dd { margin: 0 }
  code { font: 14px/1.5 ui-monospace, monospace }
  a { color: var(--run) }
</style>
<h1>${MARK}Drumline</h1>
<p>The server is running. Its dashboard was not built: run <code>npm run build</code>, then load this page again.</p>
<dl>
  <dt>Explore</dt><dd>${explore}</dd>
  <dt>See a run</dt><dd><code>npx drumline demo</code></dd>
  <dt>Watch a task</dt><dd><code>npx drumline watch TASK</code></dd>
  <dt>Endpoint</dt><dd><code>${GRAPHQL_PATH}</code> over HTTP, WebSocket and server-sent events</dd>
  <dt>Health</dt><dd><a href="./healthz">/healthz</a> · <a href="./readyz">/readyz</a></dd>
</dl>
`;
}
