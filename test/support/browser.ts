/** Debian's Chromium, without a window and without a word to anyone but the server under test. */
import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import type { SystemProgram } from './system-program.ts';

export const CHROMIUM = { debian: 'chromium', aliases: ['chromium-browser', 'google-chrome'] } as const;

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface BrowserOptions {
  /** Leads to this machine, and yet is no loopback address, which browsers take for a secure place. */
  readonly hostName?: string;
}

/** The caller disposes it: `await using`. */
export async function openBrowser(program: SystemProgram, { hostName }: BrowserOptions = {}): Promise<Browser> {
  const names = hostName === undefined ? [] : [`--host-resolver-rules=MAP ${hostName} 127.0.0.1`];
  return chromium.launch({ executablePath: program.path, args: [...ARGUMENTS, ...names] });
}
