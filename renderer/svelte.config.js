// Runes everywhere; TypeScript in components is only stripped here, and checked by svelte-check.
// Vite does not look for this file in the root: vite.config.ts names it.

import { vitePreprocess } from '@sveltejs/vite-plugin-svelte';

export default {
  preprocess: vitePreprocess(),
  compilerOptions: { runes: true },
};
