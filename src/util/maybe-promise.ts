/**
 * An answer that may be there at once. What waits for a thousand readers one after the other must not pay a turn of the
 * promise queue for each of them when nothing is waited for; `await` takes both.
 */
export type MaybePromise<Value> = Value | Promise<Value>;
