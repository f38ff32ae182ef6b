/**
 * Whether somebody is at the list, so that it must not move: a pointer over it, the focus in it, or scrolled into it. The
 * trouble above it is out of view for those who scrolled.
 */
import { useEffect, useState, type FocusEvent } from 'react';

export interface Held {
  readonly isHeld: boolean;
  /** The trouble, too: the pointer is here, or the focus in the strip itself. */
  readonly isStripHeld: boolean;
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
  const [focused, setFocused] = useState<'task' | 'strip'>();
  const [isScrolled, setScrolled] = useState(false);
  useEffect(() => {
    const onScroll = (): void => setScrolled(scrollY > 0);
    onScroll();
    addEventListener('scroll', onScroll, { passive: true });
    return () => removeEventListener('scroll', onScroll);
  }, []);
  return {
    isHeld: isPointed || focused !== undefined || isScrolled,
    isStripHeld: isPointed || focused === 'strip',
    listeners: {
      onPointerEnter: () => setPointed(true),
      onPointerLeave: () => setPointed(false),
      // A header that was clicked keeps the focus, and holds nothing.
      onFocus: ({ target }) => setFocused(placeOf(target)),
      onBlur: () => setFocused(undefined),
    },
  };
}

function placeOf(target: Element): 'task' | 'strip' | undefined {
  if (target.matches('[data-task]')) return 'task';
  return target.closest('.trouble-strip') === null ? undefined : 'strip';
}
