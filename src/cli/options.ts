/** How the commands read the values of their options, and the one option that most of them have. */
import { InvalidArgumentError, Option } from 'commander';
import { DEFAULT_URL } from './server-url.ts';

/** Without a default: DRUMLINE_URL is asked first. */
export function urlOption(): Option {
  return new Option('-u, --url <url>', `the server, or DRUMLINE_URL (default: "${DEFAULT_URL}")`);
}

/** A parser for whole numbers, for `argParser`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A parser for plain decimal numbers, for `argParser`. */
export function decimal(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}
