/**
 * Prints how a test run ended, `N passed, N failed`, alone on a line, from the report that Vitest wrote:
 *
 *   node tools/test-count.ts report.json EXIT_STATUS_OF_THE_RUN
 *
 * It never makes a run look better than it was. A file that could not be loaded has no failed test, only a failed
 * file: it counts as one failure. A run that ended badly with nothing failed (an error outside of every test) does too.
 */
import { readFileSync } from 'node:fs';
import { argv } from 'node:process';
import { z } from 'zod';

const Report = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(
    z.object({ name: z.string(), status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) }),
  ),
});

const [, , path = '', exitStatus = '0'] = argv;
const report = Report.parse(JSON.parse(readFileSync(path, 'utf8')));

const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
);
for (const { name } of brokenFiles) console.log(`failed outside of its tests: ${name}`);

let failed = report.numFailedTests + brokenFiles.length;
if (failed === 0 && exitStatus !== '0') {
  console.log(`the run ended with status ${exitStatus}, outside of every test; it counts as a failure`);
  failed = 1;
}
const skipped = report.numPendingTests + report.numTodoTests;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${report.numPassedTests} passed, ${failed} failed`);
