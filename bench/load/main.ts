/** The load process: does one job, X*/
import type { Metrics, Target } from './job.ts';
import { JOBS, type LoadAnswer, type LoadRequest } from './jobs.ts';

process.on('message', (request: LoadRequest) => {
  const answer = (text: LoadAnswer): void => void process.send?.(text);
  run(request).then(
    (metrics) => answer({ metrics }),
    (error: unknown) => answer({ failure: error instanceof Error ? error.message : String(error) }),
  );
});

function run({ target, work }: LoadRequest): Promise<Metrics> {
  // Each job's parameters belong to its name; the types cannot follow that through a table.
  const job = JOBS[work.job] as (target: Target, params: typeof work.params) => Promise<Metrics>;
  return job(target, work.params);
}
