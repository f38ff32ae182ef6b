/**
 * The files of a build, one directory and what lies in its folders, kept in memory from when each is first asked for:
 * as it is, and compressed for those who take it so. Nothing outside the directory is ever read, by whatever name.
 *
 * A file is told from its next version by its content. The usual libraries go by size and time, but npm gives all files
 * of a package the same time, and a page whose hashes changed has the same size: browsers would keep the old one.
 */
import { hash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import type { ContentEncoding } from './accept.ts';

export interface StaticFile {
  readonly type: string;
  /** Of its content; a strong validator has the encoding in it as well. */
  readonly hash: string;
  /** False for what is compressed already. */
  readonly isCompressible: boolean;
  bytes(encoding: ContentEncoding | undefined): Promise<Buffer>;
}

export interface StaticFiles {
  /** @param name e.g. `assets/index.js`, as an address has it. Undefined when there is no such file. */
  find(name: string): Promise<StaticFile | undefined>;
}

const TEXTS: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
};
const OTHERS: Readonly<Record<string, string>> = {
  '.ico': 'image/x-icon',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
  '.webp': 'image/webp',
  '.woff2': 'font/woff2',
};

/** No escapes, no separator but `/`, and no part that begins with a dot. */
const NAME = /^[\w-][\w.-]*(?:\/[\w-][\w.-]*)*$/;
/** Half a second longer, the highest quality would make it a twentieth smaller. */
const BROTLI_QUALITY = 9;

const compress: Readonly<Record<ContentEncoding, (content: Buffer) => Promise<Buffer>>> = {
  br: (content) => promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (content) => promisify(gzip)(content),
};

export function createStaticFiles(directory: string): StaticFiles {
  /** By name, each as of its stamp; only of what is there, so strangers cannot make it grow. */
  const known = new Map<string, { readonly stamp: string; readonly file: Promise<StaticFile> }>();

  return {
    async find(name) {
      const stamp = NAME.test(name) ? await stampOf(directory, name) : undefined;
      if (stamp === undefined) {
        known.delete(name);
        return undefined;
      }
      const before = known.get(name);
      if (before?.stamp === stamp) return before.file;
      const file = load(join(directory, name));
      known.set(name, { stamp, file });
      try {
        return await file;
      } catch (error) {
        known.delete(name);
        throw error;
      }
    },
  };
}

/** What changes when the file is written anew; undefined when it is no file, or one that a link leads to. */
async function stampOf(directory: string, name: string): Promise<string | undefined> {
  const type = TEXTS[extname(name)] ?? OTHERS[extname(name)];
  if (type === undefined) return undefined;
  try {
    // The directory itself may be reached by a link; what is in it may not be one.
    const path = resolve(await realpath(directory), name);
    if ((await realpath(path)) !== path) return undefined;
    const found = await stat(path);
    return found.isFile() ? `${found.ino}-${found.size}-${found.mtimeMs}` : undefined;
  } catch {
    return undefined;
  }
}

async function load(path: string): Promise<StaticFile> {
  const content = await readFile(path);
  const text = TEXTS[extname(path)];
  const compressed = new Map<ContentEncoding, Promise<Buffer>>();
  return {
    type: text ?? OTHERS[extname(path)] ?? 'application/octet-stream',
    hash: hash('sha256', content, 'base64url').slice(0, 22),
    isCompressible: text !== undefined,
    async bytes(encoding) {
      if (encoding === undefined) return content;
      const bytes = compressed.get(encoding) ?? compress[encoding](content);
      compressed.set(encoding, bytes);
      return bytes;
    },
  };
}
