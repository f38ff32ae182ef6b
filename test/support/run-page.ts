/** The dashboard's page of a task, as tests read it: what it shows, and every row of its list. */
import type { Page } from 'playwright-core';
import type { ComponentState } from './fold.ts';

export interface ShownRun {
  readonly sequence: number;
  /** In whole percent, as it is written. */
  readonly percent: string;
  /** Of the bar, 0 to 1. */
  readonly displayProgress: number;
  readonly stage: string;
  readonly components: readonly Pick<ComponentState, 'name' | 'progress' | 'message'>[];
}

/** Undefined while nothing is known of the task. */
export async function readShownRun(page: Page): Promise<ShownRun | undefined> {
  return page.evaluate(() => {
    const big = document.querySelector<HTMLElement>('.run-header [data-sequence]');
    const bar = document.querySelector<HTMLElement>('.run-header [role=progressbar]');
    if (big === null || bar === null) return undefined;
    const rows = [...document.querySelectorAll<HTMLElement>('tr[data-component]')];
    return {
      sequence: Number(big.dataset['sequence']),
      percent: big.textContent,
      displayProgress: Number(bar.dataset['value']),
      stage: document.querySelector('[aria-current=step]')?.textContent ?? '',
      components: rows.map((row) => ({
        name: row.dataset['component'] ?? '',
        progress: Number(row.dataset['progress']),
        message: row.querySelector('td:last-child')?.textContent ?? '',
      })),
    };
  });
}

export interface ListedEvent {
  readonly sequence: number;
  readonly component: string;
  readonly message: string;
}

/** The whole list from its beginning to its end, as somebody reads it who scrolls through it. */
export async function readWholeList(page: Page): Promise<readonly ListedEvent[]> {
  return page.evaluate(async () => {
    const list = document.querySelector<HTMLElement>('.feed');
    if (list === null) throw new Error('There is no list of events.');
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    const listed: { sequence: number; component: string; message: string }[] = [];
    const read = (): boolean => {
      const rows = [...document.querySelectorAll<HTMLElement>('.feed-row')];
      const { top, bottom } = list.getBoundingClientRect();
      // Drawn for this place, and all of it known.
      const first = rows[0]?.getBoundingClientRect().top ?? Infinity;
      const last = rows.at(-1)?.getBoundingClientRect().bottom ?? -Infinity;
      const isDrawn = first <= top + 1 && last >= Math.min(bottom, top + list.scrollHeight - list.scrollTop) - 1;
      if (!isDrawn || rows.some((row) => row.querySelector('.pending') !== null)) return false;
      for (const row of rows) {
        const sequence = Number(row.querySelector<HTMLElement>('button.event')?.dataset['sequence']);
        if (sequence <= (listed.at(-1)?.sequence ?? 0)) continue;
        const component = row.querySelector('.who')?.textContent ?? '';
        listed.push({ sequence, component, message: row.querySelector('.message')?.textContent ?? '' });
      }
      return true;
    };
    for (let top = 0; ; top += list.clientHeight) {
      list.scrollTop = top;
      do await frame();
      while (!read());
      if (top + list.clientHeight >= list.scrollHeight) return listed;
    }
  });
}
