/** The last moment of a program that emits. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { first } from './emitting.ts';
import { openRefusingServer } from './refusing-server.ts';

/** A program of its own, whose last line has been run when it ends; the time it took. */
async function runProgram(lines: string, url: string): Promise<{ readonly stdout: string; readonly tookMs: number }> {
  const index = new URL('../../src/emitter/index.ts', import.meta.url).href;
  const program = `import { createEmitter } from '${index}';
    const event = { taskId: 'exit', eventType: 'WARNING', component: 'a', stage: 'ANALYSIS', message: 'bye' };
    const options = { url: '${url}', random: () => 0.5 };
    ${lines}
    process.on('exit', () => console.log(Math.round(performance.now() - sinceMs)));
    const sinceMs = performance.now();`;
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program]);
  const { stdout } = await run;
  return { stdout, tookMs: Number(stdout) };
}

describe('when a Node process has nothing else to do', () => {
  test('what was emitted is sent, also while the server is away for a moment', async () => {
    await using server = await openRefusingServer(first(3, { status: 503, body: '' }));
    await runProgram('for (let n = 0; n < 3; n += 1) void createEmitter(options).emit(event);', server.url);
    expect(server.accepted).toHaveLength(3);
  });

  test('it ends in its time when nobody takes what was emitted', async () => {
    await using server = await openRefusingServer(() => ({ status: 503, body: '' }));
    const { tookMs } = await runProgram(
      'void createEmitter({ ...options, exitWithinMs: 500 }).emit(event);',
      server.url,
    );
    expect(tookMs).toBeGreaterThan(400);
    expect(tookMs).toBeLessThan(5_000);
    expect(server.batches.length).toBeGreaterThan(1);
  });

  test('flush waits for as long as it takes', async () => {
    await using server = await openRefusingServer(first(5, { status: 503, body: '' }));
    await runProgram(
      `const emitter = createEmitter({ ...options, exitWithinMs: 1 });
       void emitter.emit(event);
       await emitter.flush();`,
      server.url,
    );
    expect(server.accepted).toHaveLength(1);
  });

  test('an emitter that is done with keeps nothing alive', async () => {
    await using server = await openRefusingServer(() => undefined);
    const { tookMs } = await runProgram('await createEmitter(options).emit(event);', server.url);
    expect(tookMs).toBeLessThan(5_000);
  });
});
