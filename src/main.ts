#!/usr/bin/env node
// The shell around the command line. Plain enough for any Node to read: an old one is told so in one line, instead
// of failing on the first thing that it does not know. Everything else is loaded after that.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major >= 26 || (major === 24 && minor >= 15)) {
  const { runProcess } = await import('./cli/run.ts');
  await runProcess();
} else {
  process.stderr.write(`drumline needs Node 24.15 or newer of 24, or 26 and up; this is ${process.versions.node}\n`);
  process.exitCode = 70;
}
