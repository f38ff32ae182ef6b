/** What a page of the test in Chromium loads: both apps, and the ways from and to the test. */
import { openWithLink } from './apollo-app.ts';
import type { ClientOptions, OfficialClient, Update } from './documents.ts';
import { openWithExchange } from './urql-app.ts';

/** What the test gave the page. */
declare global {
  var mayReconnect: () => Promise<void>;
  var onUpdate: (update: Update) => void;
  var openApp: (name: AppName, origin: string) => void;
  var app: OfficialClient;
}

export type AppName = 'apollo' | 'urql';

globalThis.openApp = (name, origin) => {
  const options: ClientOptions = { origin, mayReconnect: () => globalThis.mayReconnect() };
  globalThis.app = name === 'apollo' ? openWithLink(options) : openWithExchange(options);
};
