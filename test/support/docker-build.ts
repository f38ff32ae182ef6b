/**
 * What `docker build` would make, without Docker: each stage is a directory, the context is what `.dockerignore` leaves,
 * and the steps that are npm's or Node's are really run, with the Node of the tests in the place of the image's. So a
 * file that is not copied, or a package that is left out, shows. Not run are what only the base image could do, and the
 * one step that installs what the checkout has installed already: a minute of work that shows nothing new.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, symlink } from 'node:fs/promises';
import { basename, delimiter, dirname, join } from 'node:path';
import { env, execPath } from 'node:process';
import { promisify } from 'node:util';
import {
  Copy,
  DockerfileParser,
  From,
  JSONInstruction,
  ModifiableInstruction,
  PropertyInstruction,
} from 'dockerfile-ast';

export interface Image {
  /** Where `/` of the image is. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly volumes: readonly string[];
  readonly ports: readonly string[];
  readonly stopSignal: string;
  readonly healthCheck: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** RUN steps that are neither npm's nor Node's. */
  readonly notRun: readonly string[];
  readonly base: string;
}

/** @returns the last stage. */
export async function buildImage(options: {
  readonly dockerfile: string;
  readonly context: string;
  readonly into: string;
  /** A step, and the `node_modules` that it would make again. */
  readonly installed: { readonly step: string; readonly modules: string };
}): Promise<Image> {
  const stages = new Map<string, Image>();
  let image: Image | undefined;
  const instructions = DockerfileParser.parse(options.dockerfile).getInstructions();
  for (const [index, instruction] of instructions.entries()) {
    const text = instruction.getArgumentsContent() ?? '';
    if (instruction instanceof From) {
      image = await begin(join(options.into, String(index)), instruction.getImage() ?? '');
      stages.set(instruction.getBuildStage() ?? String(index), image);
      continue;
    }
    if (image === undefined) throw new Error(`${instruction.getKeyword()} before FROM`);
    if (instruction instanceof Copy) {
      const from = instruction.getFromFlag()?.getValue() ?? undefined;
      const source = from === undefined ? options.context : stages.get(from)?.root;
      if (source === undefined) throw new Error(`there is no stage ${from ?? ''}`);
      await copy(text.split(/\s+/), { source, image });
    } else if (instruction.getKeyword() === 'RUN') {
      if (text === options.installed.step)
        await symlink(options.installed.modules, join(image.root, image.workdir, 'node_modules'));
      else image = await run(text, image);
    } else image = { ...image, ...settingOf(instruction.getKeyword(), text, instruction) };
    stages.forEach((stage, name) => stage.root === image?.root && stages.set(name, image));
  }
  if (image === undefined) throw new Error('no stage');
  return image;
}

/** Copies of the checkout only what `.dockerignore` leaves. It may hold no patterns but `*` and what is let in by name. */
export async function copyContext(checkout: string, ignore: string, into: string): Promise<void> {
  const [first, ...allowed] = ignore.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  if (first !== '*' || !allowed.every((line) => /^![\w./-]+$/.test(line))) throw new Error('unknown patterns');
  for (const line of allowed) await cp(join(checkout, line.slice(1)), join(into, line.slice(1)), { recursive: true });
}

/** For a process in the image: nothing of the npm script or the test that runs it, and Node first on the path. */
export function imageEnvironment(own: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const foreign =
    /^(?:npm_(?:package|lifecycle|command|config_local|config_prefix)|DRUMLINE_|VITEST|NODE_|PORT$|TEST$|INIT_CWD$)/;
  const kept = Object.entries(env).filter(([name]) => !foreign.test(name));
  return {
    ...Object.fromEntries(kept),
    PATH: [dirname(execPath), env['PATH']].join(delimiter),
    npm_config_prefer_offline: 'true',
    ...own,
  };
}

async function begin(root: string, base: string): Promise<Image> {
  await mkdir(root, { recursive: true });
  const nothing = { volumes: [], ports: [], healthCheck: [], entrypoint: [], command: [], notRun: [] };
  return { root, base, workdir: '/', env: {}, user: 'root', stopSignal: '', ...nothing };
}

async function run(text: string, image: Image): Promise<Image> {
  if (!/^(?:npm|node) /.test(text)) return { ...image, notRun: [...image.notRun, text] };
  const cwd = join(image.root, image.workdir);
  await promisify(execFile)('sh', ['-c', text], { cwd, env: imageEnvironment(image.env) });
  return image;
}

async function copy(
  words: readonly string[],
  { source, image }: { readonly source: string; readonly image: Image },
): Promise<void> {
  const to = words.at(-1) ?? '';
  const target = join(image.root, to.startsWith('/') ? '' : image.workdir, to);
  for (const word of words.slice(0, -1)) {
    const isFile = !(await isDirectory(join(source, word)));
    await cp(join(source, word), isFile && to.endsWith('/') ? join(target, basename(word)) : target, {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOTDIR') return false;
      throw error;
    },
  );
}

function settingOf(keyword: string, text: string, instruction: unknown): Partial<Image> {
  switch (keyword) {
    case 'ENV': {
      const properties = instruction instanceof PropertyInstruction ? instruction.getProperties() : [];
      return { env: Object.fromEntries(properties.map((each) => [each.getName(), each.getValue() ?? ''])) };
    }
    case 'WORKDIR':
      return { workdir: text };
    case 'USER':
      return { user: text };
    case 'VOLUME':
      return { volumes: text.split(/\s+/) };
    case 'EXPOSE':
      return { ports: text.split(/\s+/) };
    case 'STOPSIGNAL':
      return { stopSignal: text };
    case 'HEALTHCHECK':
      if (!(instruction instanceof ModifiableInstruction)) throw new Error('no flags');
      return { healthCheck: execForm(text.replace(/^CMD\s+/, '')) };
    case 'ENTRYPOINT':
    case 'CMD':
      if (!(instruction instanceof JSONInstruction)) throw new Error(`${keyword} is not in exec form`);
      return { [keyword === 'CMD' ? 'command' : 'entrypoint']: execForm(text) };
    default:
      throw new Error(`${keyword} is not known here`);
  }
}

/** A shell would stand between the signal and the server. */
function execForm(text: string): readonly string[] {
  const words: unknown = JSON.parse(text);
  if (!Array.isArray(words) || !words.every((word) => typeof word === 'string'))
    throw new Error(`not in exec form: ${text}`);
  return words;
}
