/** Who asks, where the server wants to know: a key or a token, kept for this tab and no longer. */
import { useState, type ReactElement, type SyntheticEvent } from 'react';

export interface SignInProps {
  /** Why one is asked again. */
  readonly refusal: string | undefined;
  readonly onToken: (token: string) => void;
}

export function SignIn({ refusal, onToken }: SignInProps): ReactElement {
  const [token, setToken] = useState('');
  function submit(event: SyntheticEvent): void {
    event.preventDefault();
    if (token.trim() !== '') onToken(token.trim());
  }
  return (
    <main className="sign-in">
      <h1>This server asks who you are</h1>
      <p className="soft">
        Paste an API key (<code>drumline key add</code>) or a viewer token. It stays in this tab and goes to this server
        only.
      </p>
      <form onSubmit={submit}>
        <label htmlFor="token">Key or token</label>
        <input
          id="token"
          className="field"
          type="password"
          autoComplete="off"
          autoFocus
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <button className="button primary" disabled={token.trim() === ''}>
          Go on
        </button>
      </form>
      {refusal !== undefined && (
        <p className="note failed" role="alert">
          {refusal}
        </p>
      )}
    </main>
  );
}
