/**
 * Where the list was scrolled to is kept with its entry of the history, so that the way back from a task leads to where
 * one left. The browser itself tries before the list is there.
 */
import { useEffect, useLayoutEffect } from 'react';

const SETTLED_MS = 150;

/** @param isReady the list has its height */
export function useScrollMemory(isReady: boolean): void {
  useLayoutEffect(() => {
    const kept: unknown = history.state;
    if (isReady && isKept(kept)) scrollTo(0, kept.scrollY);
  }, [isReady]);
  useEffect(() => {
    if (!isReady) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState({ scrollY }, ''), SETTLED_MS);
    };
    addEventListener('scroll', onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      removeEventListener('scroll', onScroll);
    };
  }, [isReady]);
}

function isKept(state: unknown): state is { readonly scrollY: number } {
  return typeof state === 'object' && state !== null && 'scrollY' in state && typeof state.scrollY === 'number';
}
