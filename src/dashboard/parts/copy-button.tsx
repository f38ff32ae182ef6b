/** Copies a text, and says that it has. */
import { useEffect, useState, type ReactElement } from 'react';

const SAID_MS = 2_000;

export function CopyButton({ text }: { readonly text: string }): ReactElement {
  const [said, setSaid] = useState<'copied' | 'not allowed here'>();
  useEffect(() => {
    if (said === undefined) return;
    const timer = setTimeout(() => setSaid(undefined), SAID_MS);
    return () => clearTimeout(timer);
  }, [said]);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setSaid('copied');
    } catch {
      setSaid(copyOldWay(text) ? 'copied' : 'not allowed here');
    }
  }
  return (
    <button className="quiet copy" aria-live="polite" onClick={() => void copy()}>
      {said ?? 'copy'}
    </button>
  );
}

/** Browsers keep the clipboard from pages that came over plain HTTP from another machine. */
function copyOldWay(text: string): boolean {
  const area = document.createElement('textarea');
  area.value = text;
  area.style.position = 'fixed';
  area.style.opacity = '0';
  document.body.append(area);
  area.select();
  // oxlint-disable-next-line typescript/no-deprecated -- there is nothing else to be had there
  const isCopied = document.execCommand('copy');
  area.remove();
  return isCopied;
}
