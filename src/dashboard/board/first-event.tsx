/** A board without a task: how to get the first one onto it. */
import { useId, useRef, useState, type KeyboardEvent, type ReactElement } from 'react';
import { DemoButton } from '../demo/demo-button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { GRAPHQL_URL, useServer } from '../shell/server.ts';
import { snippetsFor } from './snippets.ts';

export function FirstEvent(): ReactElement {
  const { facts } = useServer();
  const snippets = snippetsFor(new URL(GRAPHQL_URL, location.href).href, facts.auth);
  const [chosen, setChosen] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const id = useId();
  const snippet = snippets[chosen];
  function onKeyDown({ key }: KeyboardEvent): void {
    const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    const next = (chosen + step + snippets.length) % snippets.length;
    setChosen(next);
    tabs.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus();
  }
  return (
    <section className="first-event">
      <Staff />
      <h2>No task yet</h2>
      <p className="soft">Send an event, and its task appears here by itself.</p>
      <div className="snippet-head">
        <div className="snippet-tabs" role="tablist" aria-label="Send it with" ref={tabs} onKeyDown={onKeyDown}>
          {snippets.map(({ name }, index) => (
            <button
              key={name}
              id={`${id}-${name}`}
              role="tab"
              aria-selected={index === chosen}
              aria-controls={`${id}-panel`}
              tabIndex={index === chosen ? 0 : -1}
              onClick={() => setChosen(index)}
            >
              {name}
            </button>
          ))}
        </div>
        <span className="fill" />
        {snippet && <CopyButton key={snippet.name} text={snippet.text} />}
      </div>
      {snippet && (
        <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${snippet.name}`}>
          {/* Scrolls by itself, so it must be reached by keyboard. */}
          <pre tabIndex={0}>{snippet.text}</pre>
          <p className="soft small">
            {snippet.hint}
            {facts.auth && (
              <>
                ; <code>DRUMLINE_TOKEN</code> is a key that may emit
              </>
            )}
          </p>
        </div>
      )}
      <div className="or-demo">
        <span className="soft">Or see a whole run first, twenty seconds long:</span>
        <DemoButton />
      </div>
    </section>
  );
}

/** Five lines without a note. */
function Staff(): ReactElement {
  return (
    <svg className="staff" viewBox="0 0 120 41" width="120" height="41" aria-hidden="true">
      <path d="M0 .5h120M0 10.5h120M0 20.5h120M0 30.5h120M0 40.5h120" stroke="currentColor" />
    </svg>
  );
}
