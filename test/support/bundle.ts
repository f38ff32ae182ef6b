/** Code as a browser runs it: bundled as the build of a web page would. */
import { join } from 'node:path';
import { rolldown } from 'rolldown';

const SOURCE = join(import.meta.dirname, '../../src');

/** One classic script; what the entry exports is `page` to it. Our package goes by its own name, as its users write it; React checks itself. */
export async function bundlePage(entry: string): Promise<string> {
  await using bundle = await rolldown({
    input: entry,
    platform: 'browser',
    resolve: {
      alias: {
        'drumline/client': join(SOURCE, 'client/index.ts'),
        'drumline/react': join(SOURCE, 'react/index.ts'),
      },
    },
    transform: { define: { 'process.env.NODE_ENV': '"development"' } },
  });
  const { output } = await bundle.generate({ format: 'iife', name: 'page' });
  return output[0].code;
}
