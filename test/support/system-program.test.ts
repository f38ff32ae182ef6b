/** The helper that decides whether a test may be skipped: it must never skip in silence, and never at all in CI. */
import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { execPath } from 'node:process';
import { describe, expect, test } from 'vitest';
import { systemProgram } from './system-program.ts';

const PATH = dirname(execPath);

describe('systemProgram', () => {
  test('finds a program on the PATH, and it runs', () => {
    const node = systemProgram('node', { debian: 'nodejs', environment: { PATH } });
    expect(node.present).toBe(true);
    expect(execFileSync(node.path, ['--version'], { encoding: 'utf8' })).toMatch(/^v\d+\./);
  });

  test('tries the other names a program goes by', () => {
    const node = systemProgram('no-such-program', { debian: 'nodejs', aliases: ['node'], environment: { PATH } });
    expect(node.present).toBe(true);
  });

  test('says in one line what is skipped and how to get it', () => {
    const said: string[] = [];
    const absent = systemProgram('no-such-program', {
      debian: 'such-package',
      environment: { PATH },
      say: (line) => said.push(line),
    });
    expect(absent.present).toBe(false);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('no-such-program');
    expect(said[0]).toContain('apt-get install such-package');
    expect(said[0]).not.toContain('\n');
    expect(() => absent.path).toThrow('no-such-program');
  });

  test('throws instead of skipping when every program is required', () => {
    const environment = { PATH, DRUMLINE_REQUIRE_SYSTEM_PROGRAMS: '1' };
    expect(() => systemProgram('no-such-program', { debian: 'such-package', environment })).toThrow('such-package');
  });

  test('does not take a directory for a program', () => {
    const environment = { PATH: dirname(PATH) };
    const absent = systemProgram('bin', { debian: 'such-package', environment, say: () => undefined });
    expect(absent.present).toBe(false);
  });
});
