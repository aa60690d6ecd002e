import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import manifest from './package.json' with { type: 'json' }

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  // The server gives the pages at /desk and /wall and everything they load under /static/.
  base: '/static/',
  plugins: [vue()],
  build: {
    outDir: here('../static'),
    emptyOutDir: true,
    target: 'es2022',
    // The pages run under `default-src 'self'`: nothing may become a data: URL or an inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: { desk: here('desk.html'), wall: here('wall.html') } },
  },
  define: {
    __APP_VERSION__: JSON.stringify(manifest.version),
    __VUE_OPTIONS_API__: 'false',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_I18N_LEGACY_API__: 'false',
    __VUE_I18N_FULL_INSTALL__: 'false',
    __INTLIFY_PROD_DEVTOOLS__: 'false',
  },
})
