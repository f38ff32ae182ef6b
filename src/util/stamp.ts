/**
 * Something remembered on an object, out of sight of everyone else, and forgotten with it: what a WeakMap does, at a
 * third of its cost. A constructor that returns another object has the private fields of its subclass put on that; they
 * show in no copy, comparison or serialisation of it.
 */
export interface Stamp<Key extends object, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): void;
}

export function createStamp<Key extends object, Value>(): Stamp<Key, Value> {
  class Stamped extends Given {
    #value: Value;

    constructor(key: Key, value: Value) {
      super(key);
      this.#value = value;
    }

    static get(key: Key): Value | undefined {
      return #value in key ? key.#value : undefined;
    }

    static set(key: Key, value: Value): void {
      if (#value in key) key.#value = value;
      else Reflect.construct(Stamped, [key, value]);
    }
  }
  return { get: (key) => Stamped.get(key), set: (key, value) => Stamped.set(key, value) };
}

/** A constructor that returns what it is given. */
const Given = function Given(object: object) {
  return object;
} as unknown as new (object: object) => object;
