/** Whether somebody is at the list, so that it must not move: a pointer over it, the focus in it, or scrolled into it. */
import { useEffect, useState, type FocusEvent } from 'react';

export interface Held {
  readonly isPointed: boolean;
  readonly isHeld: boolean;
  /** For the element around what must not move. */
  readonly listeners: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: (event: FocusEvent) => void;
    readonly onBlur: (event: FocusEvent) => void;
  };
}

export function useHeld(): Held {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const onScroll = (): void => setScrolled(scrollY > 0);
    onScroll();
    addEventListener('scroll', onScroll, { passive: true });
    return () => removeEventListener('scroll', onScroll);
  }, []);
  return {
    isPointed,
    isHeld: isPointed || isFocused || isScrolled,
    listeners: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      // A header that was clicked keeps the focus, and holds nothing.
      onFocus: ({ target }) => setFocused(target.matches('[data-task]')),
      onBlur: () => setFocused(false),
    },
  };
}
