/** A real server in this process, on a free port, for the commands to talk to. */
import { createApp } from '../../src/app.ts';
import { request } from '../../src/client/index.ts';
import { EmitEventsDocument, type EmitEventInput } from '../../src/client/generated/graphql.ts';
import { parseConfig } from '../../src/config.ts';

export interface TestApp extends AsyncDisposable {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  readonly port: number;
  emit(...inputs: readonly EmitEventInput[]): Promise<void>;
  /** As on SIGTERM. */
  stop(): Promise<void>;
}

export async function openApp(flags: Readonly<Record<string, string>> = {}): Promise<TestApp> {
  const app = await createApp(parseConfig({ flags: { port: '0', store: 'memory:', drainMs: '200', ...flags } }));
  const { url: origin } = await app.listen();
  const url = `${origin}/graphql`;
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await app.drain();
    await app[Symbol.asyncDispose]();
  };
  return {
    url,
    port: Number(new URL(url).port),
    async emit(...inputs) {
      await request({ url, document: EmitEventsDocument, variables: { inputs } });
    },
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  };
}

/** One event, of which a test says only what matters to it. */
export function event(taskId: string, rest: Partial<EmitEventInput> = {}): EmitEventInput {
  return { taskId, eventType: 'PROGRESS_UPDATE', component: 'camina', stage: 'ANALYSIS', message: 'words', ...rest };
}

export function completed(taskId: string): EmitEventInput {
  return event(taskId, { eventType: 'TASK_COMPLETED', stage: 'COMPLETE', message: 'done', progress: 1 });
}
