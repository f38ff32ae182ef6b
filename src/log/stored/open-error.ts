/** The store cannot be used as it is set: a wrong path, no permission, another owner. Fit for one line on a terminal. */
export class StoreUnusableError extends Error {
  override readonly name = 'StoreUnusableError';
}
