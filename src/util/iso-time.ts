/**
 * An instant as text: what `Date.prototype.toISOString` says, at less than half its cost. An event has two of them, and
 * writing them would cost more than all the rest of it.
 */

const SECOND = 1_000;
const DAY_SECONDS = 86_400;
/** From 0000 to 9999 a year is four digits. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
/** From the first of March of the year 0, where leap days come last, to 1970. */
const DAYS_BEFORE_1970 = 719_468;
const DAYS_OF_400_YEARS = 146_097;

const [ZERO, DASH, COLON, DOT, T, Z] = [48, 45, 58, 46, 84, 90] as const;

/** @param ms since 1970. @throws RangeError for what is no time. */
export function isoTime(ms: number): string {
  if (!Number.isInteger(ms) || ms < FIRST_MS || ms > LAST_MS) return new Date(ms).toISOString();
  const seconds = Math.floor(ms / SECOND);
  const days = Math.floor(seconds / DAY_SECONDS);
  const second = seconds - days * DAY_SECONDS;
  const { year, month, day } = dateOf(days);
  const hour = Math.floor(second / 3_600);
  const minute = Math.floor(second / 60) % 60;
  const thousandths = ms - seconds * SECOND;
  // In one call: text that is put together of pieces costs more than all of the above.
  return String.fromCharCode(
    digit(year / 1_000),
    digit(year / 100),
    digit(year / 10),
    digit(year),
    DASH,
    digit(month / 10),
    digit(month),
    DASH,
    digit(day / 10),
    digit(day),
    T,
    digit(hour / 10),
    digit(hour),
    COLON,
    digit(minute / 10),
    digit(minute),
    COLON,
    digit((second % 60) / 10),
    digit(second % 60),
    DOT,
    digit(thousandths / 100),
    digit(thousandths / 10),
    digit(thousandths),
    Z,
  );
}

/** The last of a number's digits, as the code of its character. */
function digit(number: number): number {
  return ZERO + (Math.trunc(number) % 10);
}

/** @param days since 1970. The calendar repeats itself every 400 years; its months, from March on, every five. */
function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const sinceMarch = days + DAYS_BEFORE_1970;
  const era = Math.floor(sinceMarch / DAYS_OF_400_YEARS);
  const ofEra = sinceMarch - era * DAYS_OF_400_YEARS;
  // Without the leap days: of every fourth year, not of every hundredth, but of the last.
  const leapDays = Math.floor(ofEra / 1_460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096);
  const yearOfEra = Math.floor((ofEra - leapDays) / 365);
  const ofYear = ofEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) + Math.floor(yearOfEra / 100);
  const fromMarch = Math.floor((5 * ofYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: era * 400 + yearOfEra + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}
