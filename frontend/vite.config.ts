import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { PAGES } from './src/pages.ts';

/** The paths of the pages as a file of the bundle: what the server answers with the page. */
const paths: Plugin = {
  name: 'pertoken-pages',
  generateBundle() {
    const source = `${JSON.stringify(PAGES.map((each) => each.path))}\n`;
    this.emitFile({ type: 'asset', fileName: 'pages.json', source });
  },
};

// The bundle is committed: names come from content, so that a rebuild gives the same files.
export default defineConfig({
  plugins: [react(), paths],
  base: '/',
  build: {
    outDir: '../src/pertoken/web/static',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { '/api': 'http://127.0.0.1:8790', '/auth': 'http://127.0.0.1:8790' } },
});
