/** Which task it is, how far, in which stage, since when; as of the playhead. */
import type { ReactElement, ReactNode } from 'react';
import { duration, percent, stopwatch, type Look } from '../../view/look.ts';
import { Bar } from '../parts/bar.tsx';
import { Mark } from '../parts/mark.tsx';
import { age, clock, moment } from '../parts/time.ts';
import type { RunState } from './run.ts';
import type { Shown } from './shown.ts';
import { Stages } from './stages.tsx';

export interface RunHeaderProps {
  readonly taskId: string;
  readonly title: string | undefined;
  readonly labels: readonly string[];
  readonly shown: Shown;
  readonly isPast: boolean;
  readonly heardAtMs: RunState['heardAtMs'];
  readonly nowMs: number;
  /** Beside the title, where it moves nothing when it comes and goes. */
  readonly aside: ReactNode;
}

/** A running task that says nothing for this long is told of. */
const SILENT_MS = 60_000;

function lookOfTask(status: string, sequence: number): Look {
  if (sequence === 0) return 'waiting';
  return status === 'FAILED' ? 'failed' : status === 'COMPLETED' ? 'done' : 'running';
}

export function RunHeader(props: RunHeaderProps): ReactElement {
  const { taskId, title, labels, shown, isPast, heardAtMs, nowMs, aside } = props;
  const { displayProgress, stage, startedAt, lastUpdate, status, sequence } = shown.progress;
  const look = lookOfTask(status, sequence);
  const isRunning = status === 'RUNNING';
  const silentMs = nowMs - (heardAtMs ?? Date.parse(lastUpdate));
  const isSilent = isRunning && !isPast && silentMs >= SILENT_MS;
  const lastMs = Date.parse(lastUpdate);
  const tookMs = (isRunning && !isPast ? Math.max(nowMs, lastMs) : lastMs) - Date.parse(startedAt);
  return (
    <header className="run-header">
      <div className="title-row">
        <Mark look={look} />
        <h1 className="foreign" title={title ?? taskId}>
          {title ?? taskId}
        </h1>
        {title !== undefined && <code className="soft foreign cut">{taskId}</code>}
        {labels.map((label) => (
          <span key={label} className="label foreign cut">
            {label}
          </span>
        ))}
        {aside}
      </div>
      <div className="progress-row">
        <output className={`big number ${look}`} data-sequence={sequence}>
          {percent(displayProgress)}
        </output>
        <Bar value={displayProgress} look={look} label="The whole task" />
      </div>
      <div className="facts-row">
        <Stages stage={stage} status={status} />
        <dl className="facts">
          <div>
            <dt>started</dt>
            <dd className="number" title={moment(startedAt)}>
              {clock(startedAt)}
            </dd>
          </div>
          <div>
            <dt>{isRunning ? 'elapsed' : 'took'}</dt>
            <dd className="number">{isRunning ? stopwatch(tookMs) : duration(tookMs)}</dd>
          </div>
          <div className={isSilent ? 'silent' : ''}>
            <dt>{isSilent ? 'silent for' : 'last word'}</dt>
            <dd className="number" title={moment(lastUpdate)}>
              {isRunning && !isPast ? age(silentMs) : clock(lastUpdate)}
            </dd>
          </div>
        </dl>
      </div>
    </header>
  );
}
