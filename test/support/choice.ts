/** Where several servers do the same, each connection and each attempt may go to another one. */
export type Choice = string | (() => string);

export function choose(choice: Choice): string {
  return typeof choice === 'string' ? choice : choice();
}
