/** Plays the demo and goes to it; says here why it cannot. */
import type { ReactElement } from 'react';
import { useDemo } from './demo.tsx';

export interface DemoButtonProps {
  /** Among other things, rather than the thing to do. */
  readonly isQuiet?: boolean;
}

const SAYS = { idle: 'Run the demo', starting: 'Starting…', playing: 'The demo is playing' } as const;

export function DemoButton({ isQuiet = false }: DemoButtonProps): ReactElement {
  const { state, problem, start } = useDemo();
  return (
    <span className="demo">
      <button className={isQuiet ? 'quiet' : 'button primary'} disabled={state !== 'idle'} onClick={start}>
        {SAYS[state]}
      </button>
      {problem !== undefined && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </span>
  );
}
