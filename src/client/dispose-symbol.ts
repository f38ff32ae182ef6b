/**
 * `Symbol.dispose` where the engine has none, as Safari's: without it all that is disposable here would be so under the
 * key "undefined", and `using` would refuse it. This is the symbol that compilers fall back to as well.
 */
if (!Reflect.has(Symbol, 'dispose')) Object.defineProperty(Symbol, 'dispose', { value: Symbol.for('Symbol.dispose') });
