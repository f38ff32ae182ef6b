/** The page as a whole: the server's facts, who asks, and the view that the address names. */
import { useEffect, useMemo, useState, type ReactElement } from 'react';
import { createConnection, OperationFailedError } from '../../client/index.ts';
import { DrumlineProvider } from '../../react/index.ts';
import { BoardPage } from '../board/board-page.tsx';
import { DemoProvider } from '../demo/demo.tsx';
import { RunPage } from '../run/run-page.tsx';
import { useAddress } from './address.ts';
import { keepFocus } from './keep-focus.ts';
import { createAsk, GRAPHQL_URL, ServerContext, type Greeting, type Server } from './server.ts';
import { SignIn } from './sign-in.tsx';

const TOKEN_KEY = 'drumline-token';

export function App({ facts, clockAheadMs }: Greeting): ReactElement {
  const [token, setToken] = useState(() => sessionStorage.getItem(TOKEN_KEY) ?? undefined);
  const [refusal, setRefusal] = useState<string>();
  useEffect(keepFocus, []);
  const server = useMemo((): Server => {
    const headers: Readonly<Record<string, string>> = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return {
      facts,
      clockAheadMs,
      url: GRAPHQL_URL,
      headers,
      // It is open while something is watched: there is nothing to close.
      connection: createConnection({ url: GRAPHQL_URL, headers }),
      ask: createAsk(GRAPHQL_URL, headers, (error) => signOut(wordsFor(error))),
      signOut: token === undefined ? undefined : () => signOut(),
      onRefused: (error) => signOut(wordsFor(error)),
    };
  }, [facts, clockAheadMs, token]);

  function signIn(given: string): void {
    sessionStorage.setItem(TOKEN_KEY, given);
    setRefusal(undefined);
    setToken(given);
  }
  function signOut(why?: string): void {
    sessionStorage.removeItem(TOKEN_KEY);
    setRefusal(why);
    setToken(undefined);
  }

  if (facts.auth && token === undefined) return <SignIn refusal={refusal} onToken={signIn} />;
  return (
    <ServerContext value={server}>
      <DrumlineProvider connection={server.connection}>
        <DemoProvider>
          <Views />
        </DemoProvider>
      </DrumlineProvider>
    </ServerContext>
  );
}

/** A closed socket has only a number to tell it with. */
function wordsFor(error: Error): string {
  return error instanceof OperationFailedError ? error.message : 'The server does not take this key or token.';
}

function Views(): ReactElement {
  const { params } = useAddress();
  const taskId = params.get('task');
  return taskId === null || taskId === '' ? <BoardPage /> : <RunPage key={taskId} taskId={taskId} />;
}
