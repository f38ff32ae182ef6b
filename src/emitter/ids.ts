/**
 * UUIDs of version 7 (RFC 9562), not the random ones of `crypto.randomUUID`: they sort by the time of their making,
 * which spares the server's indexes, and a page without https can make them too. What tells one emitter from another
 * is drawn once; after it only time and a count go on, and never back when the clock does.
 */
export function createIds(): () => string {
  const random = Array.from(crypto.getRandomValues(new Uint16Array(4)), (word) => hex(word, 4)).join('');
  const tail = `8${random.slice(1, 4)}-${random.slice(4)}`;
  let ms = 0;
  let count = 0;
  return () => {
    count += 1;
    if (Date.now() > ms || count > 0xfff) {
      ms = Math.max(Date.now(), ms + 1);
      count = 0;
    }
    const time = hex(ms, 12);
    return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(count, 3)}-${tail}`;
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
