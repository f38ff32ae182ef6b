/**
 * Calls what somebody else handed in. What it throws is a fault of its owner's: it stops nothing of ours, and is heard
 * of as any uncaught error is.
 */
export function callForeign(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
