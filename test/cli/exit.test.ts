/** One table from what a client throws to exit codes, and every command that keeps to it. */
import { describe, expect, test } from 'vitest';
import { toCliError } from '../../src/cli/exit.ts';
import { ConnectionFailedError, OperationFailedError } from '../../src/client/index.ts';
import { openScriptedServer } from '../client/scripted-server.ts';
import { cli } from './host.ts';

test.each([
  ['BAD_USER_INPUT', 64],
  ['CURSOR_INVALID', 64],
  ['INTERNAL_SERVER_ERROR', 70],
  ['STORE_UNAVAILABLE', 69],
  ['SHUTTING_DOWN', 69],
  ['GRAPHQL_VALIDATION_FAILED', 69],
  ['A_CODE_OF_TOMORROW', 69],
])('%s ends a command with %d', (code, exitCode) => {
  expect(toCliError(new OperationFailedError(code, 'no'))).toMatchObject({ name: 'CliError', exitCode });
});

test('no connection ends a command with 69; what is no error of a client stays what it is', () => {
  expect(toCliError(new ConnectionFailedError('no'))).toMatchObject({ name: 'CliError', exitCode: 69 });
  const error = new RangeError('ours');
  expect(toCliError(error)).toBe(error);
});

describe.each([
  ['INTERNAL_SERVER_ERROR', 70],
  ['GRAPHQL_VALIDATION_FAILED', 69],
])('a server that answers %s is %d', (code, exitCode) => {
  test.each([
    ['emit', ['--task', 't', '--type', 'ERROR', '--component', 'c', '--stage', 'REVIEW', '--message', 'm']],
    ['watch', ['t']],
    ['demo', []],
  ])('to %s', async (command, argv) => {
    const body = JSON.stringify({ errors: [{ message: 'no', extensions: { code } }] });
    await using server = await openScriptedServer((asked) => asked.error(code, 'no'), {
      answer: { status: 200, body },
    });
    expect(await cli([command, ...argv, '--url', server.url])).toMatchObject({
      exitCode,
      stderr: `drumline: The server refused (${code}): no\n`,
    });
  });
});
