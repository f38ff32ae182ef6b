/** The Python package: its own tests, and what its README shows, as it stands there. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runDocumented } from '../support/documented.ts';
import { python, startPython } from '../support/python.ts';
import { readProgress, readTaskLog } from '../support/read-log.ts';
import { startServer } from '../support/server-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const README = 'clients/python/README.md';

describe.skipIf(!python.present)('the Python package', () => {
  test('passes its own tests, which its README says how to run', async () => {
    await runDocumented(README, 'unittest', { cwd: ROOT, env: { PYTHONDONTWRITEBYTECODE: '1' } });
  });

  test("its README's programs do what it says", async () => {
    await using server = await startServer({ store: 'memory:' });
    const readme = await readFile(join(ROOT, README), 'utf8');
    const programs = Array.from(readme.matchAll(/^```python\n([\s\S]*?)^```$/gm), ([, text = '']) => text);
    const said: (readonly string[])[] = [];
    for (const text of programs) {
      await using program = startPython({ program: { text }, url: server.graphqlUrl });
      const { code, stdout, stderr } = await program.ended;
      expect({ code, stderr }).toEqual({ code: 0, stderr: [] });
      said.push(stdout);
    }

    expect(said[0]).toEqual([]);
    const log = await readTaskLog(server.graphqlUrl, 'survey-1');
    expect(log.map(({ component, eventType, message }) => `${component} ${eventType}: ${message}`)).toEqual([
      'camina TASK_STARTED: Survey three districts',
      'search_drummer DRUMMER_STARTED: Looking',
      'search_drummer PROGRESS_UPDATE: Harbour surveyed',
      'search_drummer PROGRESS_UPDATE: Old Town surveyed',
      'search_drummer PROGRESS_UPDATE: Heights surveyed',
      'search_drummer DRUMMER_COMPLETED: Completed',
      'camina TASK_COMPLETED: Completed',
    ]);
    const progress = await readProgress(server.graphqlUrl, 'survey-1');
    expect(progress).toMatchObject({ status: 'COMPLETED', stage: 'COMPLETE', displayProgress: 1 });

    expect(said[1]).toEqual(['camina Go', '0.0']);
    expect(said).toHaveLength(2);
  });
});
