/** The command line itself: help everywhere, and usage errors that end with 64 and one line. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { SETTINGS, flagOf, variableOf } from '../../src/config.ts';
import { cli } from './host.ts';

describe('--help', () => {
  test.each([[['--help']], [['help']]])('%j names every command and every exit code', async (argv) => {
    const { exitCode, stdout } = await cli(argv);
    expect(exitCode).toBe(0);
    for (const word of ['serve', 'doctor', 'emit', 'watch', 'demo', 'key', 'token'])
      expect(stdout).toMatch(new RegExp(`^  ${word} `, 'm'));
    for (const code of [0, 1, 3, 64, 65, 69, 70, 78, 130]) expect(stdout).toMatch(new RegExp(`^ +${code}  \\w`, 'm'));
  });

  test.each(['serve', 'doctor', 'emit', 'watch', 'demo', 'key', 'token'])(
    'of %s has examples and exit codes',
    async (command) => {
      const { exitCode, stdout } = await cli([command, '--help']);
      expect(exitCode).toBe(0);
      expect(stdout).toMatch(/^Examples:\n {2}drumline /m);
      expect(stdout).toMatch(/^Exit codes:$/m);
      expect(stdout).toBe((await cli(['help', command])).stdout);
    },
  );

  test.each(['serve', 'doctor'])('of %s has every setting with its flag and its variable', async (command) => {
    const words = (await cli([command, '--help'])).stdout.split(/[\s(;)]+/);
    for (const name of Object.keys(SETTINGS)) {
      expect(words).toContain(flagOf(name));
      expect(words).toContain(variableOf(name));
    }
  });
});

test('--version is that of the package', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect((await cli(['--version'])).stdout).toBe(`${manifest.version}\n`);
});

describe('a usage error is one line and ends with 64', () => {
  test.each([
    ['an unknown command', ['srve']],
    ['an unknown option', ['watch', 't', '--jsno']],
    ['one argument too many', ['demo', 't']],
    ['more tasks than can be watched', ['watch', ...Array.from({ length: 51 }, (_, index) => `t${index}`)]],
    ['a cursor for two tasks', ['watch', 't', 'u', '--after', 'c']],
    ['an option without its value', ['emit', '--file']],
    ['a number that is none', ['emit', '--file', '-', '--batch', 'many']],
    ['a batch that is too large', ['emit', '--file', '-', '--batch', '1001']],
    ['a rate of nothing', ['emit', '--file', '-', '--rate', '0']],
    ['a URL with a password', ['watch', 't', '--url', 'http://root:hunter2@127.0.0.1/graphql']],
  ])('%s', async (_what, argv) => {
    const { exitCode, stdout, stderr } = await cli(argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 64, stdout: '' });
    expect(stderr).toMatch(/^drumline: [^\n]+\n$/);
    expect(stderr).not.toContain('hunter2');
  });

  test('no command at all shows the help', async () => {
    const { exitCode, stderr } = await cli([]);
    expect(exitCode).toBe(64);
    expect(stderr).toContain('Usage: drumline');
  });

  test('DRUMLINE_URL is named when it is the one that is wrong', async () => {
    const { exitCode, stderr } = await cli(['watch', 't'], { env: { DRUMLINE_URL: 'nonsense' } });
    expect(exitCode).toBe(64);
    expect(stderr).toContain('DRUMLINE_URL');
  });
});

test.each(['serve', 'doctor'])('for %s an unknown option is a wrong setting: 78', async (command) => {
  const { exitCode, stderr } = await cli([command, '--prot', '4000']);
  expect(exitCode).toBe(78);
  expect(stderr).toMatch(/^drumline: [^\n]*--prot[^\n]*\n$/);
});
