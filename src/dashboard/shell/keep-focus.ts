/**
 * Whoever works by keyboard keeps their place: when what has the focus goes (a row that scrolled away, a notice that was
 * left, a view), the focus goes to the nearest part around it that is still there, and at last to the content as a whole.
 */

const AROUND = '[tabindex], main';

/** @returns what ends it. */
export function keepFocus(): () => void {
  let around: readonly Element[] = [];
  function onFocus({ target }: FocusEvent): void {
    around = target instanceof Element ? ancestorsOf(target) : [];
  }
  const observer = new MutationObserver(() => {
    const [focused] = around;
    if (focused === undefined || focused.isConnected || document.activeElement !== document.body) return;
    const next = around.find((element) => element.isConnected && element.matches(AROUND));
    const place = next ?? document.querySelector('main');
    if (place instanceof HTMLElement) place.focus({ preventScroll: true });
  });
  addEventListener('focusin', onFocus);
  observer.observe(document.body, { childList: true, subtree: true });
  return () => {
    removeEventListener('focusin', onFocus);
    observer.disconnect();
  };
}

/** Itself first. */
function ancestorsOf(element: Element): readonly Element[] {
  const ancestors: Element[] = [];
  for (let each: Element | null = element; each !== null; each = each.parentElement) ancestors.push(each);
  return ancestors;
}
