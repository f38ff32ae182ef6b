/**
 * A bus over several processes: a bus within this one, and a link to the others. Handlers here are called at once and
 * whether or not the link is up; the others are told by way of an outbox, and nobody waits for it: a link that is down
 * costs them the time until their next catch-up, and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { BusUnusableError, type EventBus } from './event-bus.ts';
import { echoFrame, parseFrame, type Frame } from './frame.ts';
import { createLink, type Connect, type LinkOptions } from './link.ts';
import type { NoticeFormats } from './notice-format.ts';
import { createOutbox } from './outbox.ts';

/** What every bus between processes is given. */
export interface BridgeOptions<Topics extends object> {
  /** The half within this process. It is the bridge's from now on, and disposed with it. */
  readonly local: EventBus<Topics>;
  readonly formats: NoticeFormats<Topics>;
  /** The link is back, and notices may have been lost meanwhile, those of others and our own. */
  readonly onHealed?: (bus: EventBus<Topics>) => void | Promise<void>;
  /** The link broke or could not be made; while it stays down, again when the reason is another. Holds no secret. */
  readonly onTrouble?: (error: Error) => void;
  /** Milliseconds; for tests. */
  readonly timing?: Pick<LinkOptions, 'connectMs' | 'echoMs' | 'random'>;
}

export interface BridgeParts {
  readonly connect: Connect;
  readonly explain: LinkOptions['explain'];
  readonly maxFrameBytes: number;
}

/** Opens without a link when there is none at the moment. @throws BusUnusableError when a setting is to blame. */
export async function openBridge<Topics extends object>(
  options: BridgeOptions<Topics>,
  { connect, explain, maxFrameBytes }: BridgeParts,
): Promise<EventBus<Topics>> {
  const { local, formats, onHealed = ignore, onTrouble = ignore, timing = {} } = options;
  const self = randomUUID();
  const counts = { published: 0, received: 0, malformed: 0, breaks: 0 };
  let isRunning = true;
  let isDisposed = false;
  let isOpen = false;
  let wasDown = false;
  /** The trouble that was reported last, as long as the link is down. */
  let reported: string | undefined;

  const link = createLink({
    ...timing,
    connect,
    explain,
    echo: echoFrame(self),
    onText: hear,
    onUp() {
      if (wasDown) void (async () => onHealed(bus))().catch(onTrouble);
      wasDown = false;
      reported = undefined;
    },
    onDown(error, wasUp) {
      outbox.fail();
      counts.breaks += wasUp ? 1 : 0;
      wasDown = true;
      // Whoever opens the bus is told by what is thrown.
      if (!isOpen && error instanceof BusUnusableError) return;
      // Why it stays down may be another reason than why it broke: a server that comes back with a new password.
      if (error.message === reported) return;
      reported = error.message;
      onTrouble(error);
    },
  });
  const outbox = createOutbox({
    from: self,
    isUp: () => link.isUp,
    send: (frames) => link.send(frames),
    maxFrameBytes,
  });

  /** @returns whether it was one of ours: those were handed out when they were published. */
  function hear(text: string): boolean {
    let frame: Frame;
    try {
      frame = parseFrame(text);
    } catch {
      counts.malformed += 1;
      return false;
    }
    if (frame.from === self) return true;
    for (const [topic, parts] of frame.notices) handOut(topic, parts);
    return false;
  }

  function handOut(topic: string, parts: readonly unknown[]): void {
    if (!isTopic(topic)) {
      // A newer server may speak of more.
      counts.malformed += 1;
      return;
    }
    try {
      for (const notice of formats[topic].fromParts(parts)) void local.publish(topic, notice).catch(onTrouble);
      counts.received += 1;
    } catch {
      counts.malformed += 1;
    }
  }

  function isTopic(topic: string): topic is Extract<keyof Topics, string> {
    return Object.hasOwn(formats, topic);
  }

  async function start(): Promise<void> {
    if (isDisposed || isRunning) return;
    isRunning = true;
    wasDown = true;
    // Nobody waits for the link: handlers within this process need none.
    void link.start();
    await local.start();
  }

  async function stop(): Promise<void> {
    isRunning = false;
    outbox.clear();
    // Both begin now: a start that follows at once must find them stopped.
    await Promise.all([local.stop(), link.stop()]);
  }

  const bus: EventBus<Topics> = {
    async publish(topic, notice) {
      if (isDisposed) return;
      if (!isRunning) await start();
      await local.publish(topic, notice);
      counts.published += 1;
      outbox.add(String(topic), formats[topic].toParts(notice));
    },
    subscribe: (topic, handler) => local.subscribe(topic, handler),
    unsubscribe: (topic, handler) => local.unsubscribe(topic, handler),
    start,
    stop,
    get subscriptionCount() {
      return local.subscriptionCount;
    },
    status: () => ({ isConnected: link.isUp, failed: outbox.failed, ...counts }),
    async [Symbol.asyncDispose]() {
      isDisposed = true;
      await stop();
      await local[Symbol.asyncDispose]();
    },
  };

  await local.start();
  const trouble = await link.start();
  if (trouble instanceof BusUnusableError) {
    await bus[Symbol.asyncDispose]();
    throw trouble;
  }
  isOpen = true;
  return bus;
}

function ignore(): void {
  // Nobody asked to be told.
}
