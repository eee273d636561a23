import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The bundle is committed: names come from content, so that a rebuild gives the same files.
export default defineConfig({
  plugins: [react()],
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
