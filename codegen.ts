/**
 * Typed documents for our own client, and `possibleTypes` for caches, generated from the printed contract.
 * Generated files are committed; `graphql-codegen --check` fails when they are stale.
 */
import type { CodegenConfig } from '@graphql-codegen/cli';

const config: CodegenConfig = {
  schema: './schema.graphql',
  documents: ['src/client/documents/**/*.graphql'],
  generates: {
    'src/client/generated/': {
      preset: 'client',
      presetConfig: {
        // Our documents are read where they are used; masking would only add a call.
        fragmentMasking: false,
        skipIndexFile: true,
      },
      config: {
        // Text, not syntax trees: a client then needs neither `graphql` in its bundle nor a printer.
        documentMode: 'string',
        scalars: { ID: 'string', DateTime: 'string', JSONObject: 'Record<string, unknown>' },
        strictScalars: true,
        useTypeImports: true,
        immutableTypes: true,
        // Node strips types and reads the sources as they are, so imports name the `.ts` files; `tsc` rewrites
        // them to `.js` in the build (rewriteRelativeImportExtensions).
        importExtension: '.ts',
      },
    },
    'src/client/generated/possible-types.ts': {
      plugins: ['fragment-matcher'],
      config: { useExplicitTyping: true, apolloClientVersion: 3 },
    },
  },
};

// The tool wants a default export.
export default config;
