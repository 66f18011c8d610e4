import {copyFileSync, mkdirSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {defineConfig} from 'vite';

const runtime = join(dirname(fileURLToPath(import.meta.resolve('@litertjs/core'))), '..', 'wasm');

// The runtime for browsers with relaxed SIMD and for those without; LiteRT.js chooses one. Both are copied into the page,
// which must work without a network. LiteRT.js's documentation loads them from a CDN.
const variants = ['litert_wasm_internal', 'litert_wasm_compat_internal'];

export default defineConfig({
  base: './',
  build: {target: 'es2022'},
  plugins: [
    {
      name: 'litert-wasm',
      writeBundle({dir}) {
        mkdirSync(join(dir, 'wasm'), {recursive: true});
        for (const variant of variants) {
          for (const suffix of ['.js', '.wasm']) copyFileSync(join(runtime, variant + suffix), join(dir, 'wasm', variant + suffix));
        }
      },
    },
  ],
});
