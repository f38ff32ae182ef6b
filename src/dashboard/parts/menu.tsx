/** A button with a list of things to tick below it. */
import { useRef, useState, type FocusEvent, type KeyboardEvent, type ReactElement } from 'react';

export interface MenuProps {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly chosen: readonly string[];
  readonly onToggle: (value: string) => void;
}

export function Menu({ label, options, chosen, onToggle }: MenuProps): ReactElement {
  const details = useRef<HTMLDetailsElement>(null);
  const [isOpen, setOpen] = useState(false);
  const close = (): void => {
    if (details.current !== null) details.current.open = false;
  };
  function onBlur(event: FocusEvent): void {
    if (!event.currentTarget.contains(event.relatedTarget)) close();
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    close();
    details.current?.querySelector('summary')?.focus();
  }
  return (
    // What is pressed in it takes no focus in each browser; then this does, and so it stays open.
    <div className="menu" tabIndex={-1} onBlur={onBlur} onKeyDown={onKeyDown}>
      <details ref={details} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className={chosen.length > 0 ? 'on' : ''}>
          {label}
          {chosen.length > 0 && <span className="number"> {chosen.length}</span>}
        </summary>
        <div className="panel" role="group" aria-label={label}>
          {/* There may be thousands, and nobody sees them while it is closed. */}
          {(isOpen ? options : []).map(({ value, label }) => (
            <label key={value}>
              <input type="checkbox" checked={chosen.includes(value)} onChange={() => onToggle(value)} />
              <span className="foreign cut" dir="auto">
                {label}
              </span>
            </label>
          ))}
          {isOpen && options.length === 0 && <p className="soft">nothing to choose yet</p>}
        </div>
      </details>
    </div>
  );
}
