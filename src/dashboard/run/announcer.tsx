/** What a screen reader hears by itself: stages, trouble and the end; not every beat. */
import { useEffect, useRef, useState, type ReactElement } from 'react';
import { words } from '../parts/time.ts';

export interface AnnouncerProps {
  readonly stage: string;
  readonly status: string;
  readonly problems: number;
  readonly connection: string;
}

export function Announcer({ stage, status, problems, connection }: AnnouncerProps): ReactElement {
  const [text, setText] = useState('');
  const before = useRef({ stage, status, problems, connection });
  useEffect(() => {
    const last = before.current;
    before.current = { stage, status, problems, connection };
    const news: string[] = [];
    if (stage !== last.stage) news.push(`stage: ${words(stage)}`);
    if (problems > last.problems) {
      const count = problems - last.problems;
      news.push(count === 1 ? 'a new warning or error' : `${count} new warnings or errors`);
    }
    if (status !== last.status) news.push(`the task is ${words(status)}`);
    if (connection !== last.connection && connection === 'lost') news.push('reconnecting');
    if (news.length > 0) setText(news.join('; '));
  }, [stage, status, problems, connection]);
  return (
    <p className="aside" aria-live="polite">
      {text}
    </p>
  );
}
