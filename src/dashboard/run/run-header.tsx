/** Which task it is, how far, in which stage, since when; as of the playhead. */
import type { ReactElement, ReactNode } from 'react';
import { duration, percent, SILENT_MS, stopwatch, type Look } from '../../view/look.ts';
import { Bar } from '../parts/bar.tsx';
import { Mark } from '../parts/mark.tsx';
import { age, clock, moment } from '../parts/time.ts';
import type { Shown } from './past.ts';
import { Stages } from './stages.tsx';

export interface RunHeaderProps {
  readonly taskId: string;
  readonly title: string | undefined;
  readonly labels: readonly string[];
  /** Undefined: it is asked for. */
  readonly shown: Shown | undefined;
  readonly isPast: boolean;
  /** How long nothing was said, as of now. */
  readonly silentMs: number;
  /** Beside the title, where it moves nothing when it comes and goes. */
  readonly aside: ReactNode;
}

function lookOfTask(status: string, sequence: number): Look {
  if (sequence === 0) return 'waiting';
  return status === 'FAILED' ? 'failed' : status === 'COMPLETED' ? 'done' : 'running';
}

export function RunHeader({ taskId, title, labels, aside, ...standing }: RunHeaderProps): ReactElement {
  const progress = standing.shown?.progress;
  return (
    <header className="run-header">
      <div className="title-row">
        <Mark look={progress === undefined ? 'waiting' : lookOfTask(progress.status, progress.sequence)} />
        <h1 className="foreign" dir="auto" title={title ?? taskId}>
          {title ?? taskId}
        </h1>
        {title !== undefined && <code className="soft foreign cut">{taskId}</code>}
        {labels.map((label) => (
          <span key={label} className="label foreign cut" dir="auto">
            {label}
          </span>
        ))}
        {aside}
      </div>
      {progress === undefined ? <NotKnown /> : <Standing {...standing} progress={progress} />}
    </header>
  );
}

/** As high as what it stands for. */
function NotKnown(): ReactElement {
  return (
    <>
      <div className="progress-row">
        <div className="big number waiting">…</div>
        <div className="bar waiting" />
      </div>
      <div className="facts-row soft">This moment is not known yet.</div>
    </>
  );
}

type StandingProps = Pick<RunHeaderProps, 'isPast' | 'silentMs'> & { readonly progress: Shown['progress'] };

function Standing({ progress, isPast, silentMs }: StandingProps): ReactElement {
  const { displayProgress, stage, startedAt, lastUpdate, status, sequence } = progress;
  const look = lookOfTask(status, sequence);
  const isLive = status === 'RUNNING' && !isPast;
  const isSilent = isLive && silentMs >= SILENT_MS;
  // From its own first word to its last, and what has gone by since: a run that is replayed tells old times.
  const tookMs = Date.parse(lastUpdate) - Date.parse(startedAt) + (isLive ? silentMs : 0);
  return (
    <>
      <div className="progress-row">
        <div className={`big number ${look}`} data-sequence={sequence}>
          {percent(displayProgress)}
        </div>
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
            <dt>{status === 'RUNNING' ? 'elapsed' : 'took'}</dt>
            <dd className="number">{status === 'RUNNING' ? stopwatch(tookMs) : duration(tookMs)}</dd>
          </div>
          <div className={isSilent ? 'silent' : ''}>
            <dt>{isSilent ? 'silent for' : 'last word'}</dt>
            <dd className="number" title={moment(lastUpdate)}>
              {isLive ? age(silentMs) : clock(lastUpdate)}
            </dd>
          </div>
        </dl>
      </div>
    </>
  );
}
