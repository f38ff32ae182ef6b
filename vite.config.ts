/** The build of the dashboard: `src/dashboard` into `dist/dashboard`, where the server looks for it. */
import { defineConfig } from 'vite';

export default defineConfig({
  root: 'src/dashboard',
  // Addresses are relative to the page: the server may be mounted below any path.
  base: './',
  build: {
    outDir: '../../dist/dashboard',
    emptyOutDir: true,
    // The page may load what the server has and nothing else, not even from its own text.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: { proxy: { '^/(graphql|dashboard\\.json)': { target: 'http://127.0.0.1:4000', ws: true } } },
});
