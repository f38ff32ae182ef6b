/**
 * `Symbol.dispose` and `Symbol.asyncDispose` where the engine has none, as Safari's: without them all that is disposable
 * here would be so under the key "undefined", and `using` would refuse it. These are the symbols that compilers fall
 * back to as well.
 */
for (const name of ['dispose', 'asyncDispose']) {
  if (!Reflect.has(Symbol, name)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
}
