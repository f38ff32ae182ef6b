/** First in, first out, in constant time: the front of an array, or of a Set, is slow to take away. */
export interface Queue<Item> {
  readonly length: number;
  push(item: Item): void;
  shift(): Item | undefined;
  /** Only those that match stay. */
  keep(matches: (item: Item) => boolean): void;
}

/** How many places at the front may be empty. */
const SPARE = 1_024;

export function createQueue<Item>(): Queue<Item> {
  let items: (Item | undefined)[] = [];
  let first = 0;

  return {
    get length() {
      return items.length - first;
    },
    push: (item) => void items.push(item),
    shift() {
      if (first === items.length) return undefined;
      const item = items[first];
      items[first] = undefined;
      first += 1;
      if (first > SPARE && first * 2 > items.length) {
        items = items.slice(first);
        first = 0;
      }
      return item;
    },
    keep(matches) {
      items = (items.slice(first) as Item[]).filter(matches);
      first = 0;
    },
  };
}
