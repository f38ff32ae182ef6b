/** Keys for those who would rather not reach for the pointer, and the list of them. */
import { useEffect, useRef, useState, type ReactElement } from 'react';

export interface Shortcut {
  /** As `KeyboardEvent.key` has it. */
  readonly keys: readonly string[];
  readonly does: string;
  /** Undefined: another part of the page hears it; it is only listed here. */
  readonly run?: (() => void) | undefined;
}

export interface ShortcutsProps {
  readonly shortcuts: readonly Shortcut[];
  readonly isOpen: boolean;
  readonly setOpen: (isOpen: boolean) => void;
}

export function Shortcuts({ shortcuts, isOpen, setOpen }: ShortcutsProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const [areLettersOn, setLettersOn] = useState(() => localStorage.getItem(LETTERS_KEY) !== 'off');
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isOpen]);
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || isWriting(event.target)) return;
      if (dialog.current?.open === true) return;
      if (event.key === '?' && areLettersOn) return setOpen(true);
      const shortcut = latest.current.find(({ keys }) => keys.includes(event.key));
      if (shortcut?.run === undefined || (isLetter(event.key) && !areLettersOn)) return;
      event.preventDefault();
      shortcut.run();
    }
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [setOpen, areLettersOn]);
  const listed = [...shortcuts, { keys: ['?'], does: 'this list' }];
  return (
    <dialog ref={dialog} className="shortcuts" onClose={() => setOpen(false)} aria-label="Keyboard shortcuts">
      <h2>Keys</h2>
      <dl>
        {listed.map(({ keys, does }) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{KEY_NAMES.get(key) ?? key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label className="check">
        <input
          type="checkbox"
          checked={areLettersOn}
          onChange={({ target }) => {
            localStorage.setItem(LETTERS_KEY, target.checked ? 'on' : 'off');
            setLettersOn(target.checked);
          }}
        />
        Single letters and signs are shortcuts
      </label>
      <button className="button" onClick={() => setOpen(false)}>
        Close
      </button>
    </dialog>
  );
}

/** Those who speak to their machine switch them off: each letter that is heard would be one. */
const LETTERS_KEY = 'drumline-letters';

function isLetter(key: string): boolean {
  return key.length === 1;
}

const KEY_NAMES: ReadonlyMap<string, string> = new Map([
  ['ArrowUp', '↑'],
  ['ArrowDown', '↓'],
  ['ArrowLeft', '←'],
  ['ArrowRight', '→'],
  ['Escape', 'esc'],
]);

function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    target.closest('input:not([type=range], [type=checkbox]), textarea, select') !== null
  );
}
