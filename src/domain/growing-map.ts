/**
 * A map that never changes, and of which the next version is cheap: up to a few entries a `Map` that is copied, beyond
 * that a list in chunks, of which all versions share what is the same in them. In the order in which keys first came;
 * nothing is ever removed.
 */

/** Entries in a chunk, and what a plain `Map` holds at most: until then copying it is the cheapest of all. */
const CHUNK = 16;

export function growingMap<Key, Value>(entries: Iterable<readonly [Key, Value]>): ReadonlyMap<Key, Value> {
  const map = new Map(entries);
  return map.size <= CHUNK ? map : ChunkedMap.of(map);
}

/** The map with `value` under `key`; `map` stays as it is. */
export function withEntry<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  if (map instanceof ChunkedMap) return (map as ChunkedMap<Key, Value>).with(key, value);
  const copy = new Map(map).set(key, value);
  return copy.size <= CHUNK ? copy : ChunkedMap.of(copy);
}

type Chunk<Key, Value> = readonly (readonly [Key, Value])[];

class ChunkedMap<Key, Value> implements ReadonlyMap<Key, Value> {
  readonly size: number;
  readonly #chunks: readonly Chunk<Key, Value>[];
  /** Places by key, shared by the versions that grew out of each other: a place from `size` on is a later one's. */
  readonly #places: Map<Key, number>;

  private constructor(size: number, chunks: readonly Chunk<Key, Value>[], places: Map<Key, number>) {
    this.size = size;
    this.#chunks = chunks;
    this.#places = places;
  }

  static of<Key, Value>(map: ReadonlyMap<Key, Value>): ChunkedMap<Key, Value> {
    const entries = [...map];
    const chunks = Array.from({ length: Math.ceil(entries.length / CHUNK) }, (_, index) =>
      entries.slice(index * CHUNK, (index + 1) * CHUNK),
    );
    return new ChunkedMap(map.size, chunks, toPlaces(map.keys()));
  }

  with(key: Key, value: Value): ChunkedMap<Key, Value> {
    const known = this.#placeOf(key);
    const place = known ?? this.size;
    const at = Math.floor(place / CHUNK);
    const chunks = this.#chunks.slice();
    const chunk = (chunks[at] ?? []).slice();
    chunk[place % CHUNK] = [key, value];
    chunks[at] = chunk;
    if (known !== undefined) return new ChunkedMap(this.size, chunks, this.#places);
    // Only the latest version may add to what is shared; one that another grew out of goes its own way.
    const places = this.#places.size === this.size ? this.#places : toPlaces(this.keys());
    return new ChunkedMap(this.size + 1, chunks, places.set(key, place));
  }

  #placeOf(key: Key): number | undefined {
    const place = this.#places.get(key);
    return place === undefined || place >= this.size ? undefined : place;
  }

  get(key: Key): Value | undefined {
    const place = this.#placeOf(key);
    return place === undefined ? undefined : this.#chunks[Math.floor(place / CHUNK)]?.[place % CHUNK]?.[1];
  }

  has(key: Key): boolean {
    return this.#placeOf(key) !== undefined;
  }

  /** The quickest way over all of it. */
  forEach(use: (value: Value, key: Key, map: ReadonlyMap<Key, Value>) => void): void {
    for (const chunk of this.#chunks) for (const entry of chunk) use(entry[1], entry[0], this);
  }

  keys(): MapIterator<Key> {
    return this.#collect((_, key) => key);
  }

  values(): MapIterator<Value> {
    return this.#collect((value) => value);
  }

  entries(): MapIterator<[Key, Value]> {
    return this.#collect((value, key) => [key, value]);
  }

  [Symbol.iterator](): MapIterator<[Key, Value]> {
    return this.entries();
  }

  #collect<Item>(pick: (value: Value, key: Key) => Item): MapIterator<Item> {
    const items: Item[] = [];
    this.forEach((value, key) => void items.push(pick(value, key)));
    return items.values();
  }
}

function toPlaces<Key>(keys: Iterable<Key>): Map<Key, number> {
  return new Map(Array.from(keys, (key, place) => [key, place]));
}
