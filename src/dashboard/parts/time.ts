/** Times as people read them, in their own zone; always of one width. */
const CLOCK = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const MOMENT = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });

/** `12:03:04` */
export function clock(instant: string | number): string {
  return CLOCK.format(new Date(instant));
}

/** `12:03:04.120` */
export function clockMs(instant: string | number): string {
  const at = new Date(instant);
  return `${CLOCK.format(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** `27 Nov 2026, 12:03:04` */
export function moment(instant: string | number): string {
  return MOMENT.format(new Date(instant));
}

/** How long ago: `now`, `40 s`, `12 min`, `3 h`, `5 d`. */
export function age(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** `DATA_GATHERING` as people say it. */
export function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ');
}
