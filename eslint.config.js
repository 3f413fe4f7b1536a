// Type-aware lint for the whole tree, and the project's own rule: a forgotten `yield*` is an error
// (test/tidy/lint). Formatting is Prettier's, sizes and imports are test/tidy's.

import js from '@eslint/js';
import { defineConfig } from 'eslint/config';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import { forgottenYield } from './test/tidy/lint/forgotten-yield.ts';

/** Files outside tsconfig.json: plain checks only. */
const untyped = ['**/*.js', '**/*.mjs', 'vitest.config.ts', 'renderer/vite.config.ts'];

export default defineConfig(
  { ignores: ['node_modules/', 'coverage/', '.cache/', 'test/golden/', '**/dist/'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  svelte.configs.recommended,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { lab: { rules: { 'forgotten-yield': forgottenYield } } },
    rules: {
      'lab/forgotten-yield': 'error',
      eqeqeq: 'error',
      // A generator without a point is still a generator: its callers must not care.
      'require-yield': 'off',
      // Kernel threads are endless on purpose.
      'no-constant-condition': ['error', { checkLoops: false }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Kernel names: a class with only static members or a constant answer may be what Linux has.
      '@typescript-eslint/no-extraneous-class': 'off',
      // `return this.fail(…)` ends a function and says why, in one line.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // Downcasts are Linux's container_of(): the bus guarantees what it hands to its drivers.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // noUncheckedIndexedAccess forces `x!` wherever an index is known to be good.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/prefer-literal-enum-member': 'off',
    },
  },
  {
    files: ['renderer/**/*.svelte', 'renderer/**/*.svelte.ts'],
    languageOptions: {
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] },
      globals: globals.browser,
    },
    // svelte-check and tsc know every name; runes are no globals of ESLint.
    rules: { 'no-undef': 'off' },
  },
  {
    files: untyped,
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { globals: globals.node, parserOptions: { projectService: false } },
    rules: { 'lab/forgotten-yield': 'off' },
  },
);
