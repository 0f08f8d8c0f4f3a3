import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const rulesOfTheBusiness = ['src/*/domain/**/*.ts', 'src/*/use-cases/**/*.ts'];
const tests = ['**/*.spec.ts', 'test/**/*.ts', 'libs/testing/**/*.ts'];
const tenantMakers = ['libs/kernel/brand-id.ts', 'src/identity/adapters/**/*.ts', ...tests];

const readingTheClock = [
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
  'MemberExpression[object.name="Date"][property.name="now"]',
].map((selector) => ({ selector, message: 'Time is an argument: take it from the Clock port.' }));

const tenant = 'TSTypeReference[typeName.name=/^(BrandId|AllBrands)$/]';
const makingATenant = [`> ${tenant}.typeAnnotation`, `> :matches(TSUnionType, TSArrayType).typeAnnotation > ${tenant}`].map((type) => ({
  selector: `:matches(TSAsExpression, TSTypeAssertion) ${type}`,
  message: 'Only the guard that has checked a credential makes a tenant.',
}));

// One rule holds both lists, and a later block replaces it whole: hence the three blocks below.
const restrict = (...syntax) => ({ 'no-restricted-syntax': ['error', ...syntax] });

export default defineConfig(
  globalIgnores(['dist/', 'data/', 'coverage/', 'openapi/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      // A constructor parameter must stay a value import, or its decorator metadata is lost.
      '@typescript-eslint/consistent-type-imports': 'off',
      // A port is asynchronous for the adapter that waits; its memory adapter has nothing to await.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
    },
  },
  { files: ['{src,libs,bench}/**/*.ts'], ignores: tenantMakers, rules: restrict(...makingATenant) },
  { files: rulesOfTheBusiness, rules: restrict(...readingTheClock, ...makingATenant) },
  { files: rulesOfTheBusiness.map((path) => path.replace('*.ts', '*.spec.ts')), rules: restrict(...readingTheClock) },
  {
    files: ['{src,libs}/**/*.ts'],
    ignores: ['src/*/adapters/**/*.ts', 'libs/http/**/*.ts', ...tests],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['@nestjs/common'],
              importNamePattern: 'Exception$',
              message: 'Only adapters and libs/http speak HTTP: throw a domain error.',
            },
          ],
        },
      ],
    },
  },
  {
    files: tests,
    rules: {
      'no-restricted-properties': [
        'error',
        ...['describe', 'it', 'test'].map((object) => ({ object, property: 'only', message: 'It would silence every other test.' })),
      ],
      'no-restricted-globals': ['error', 'fdescribe', 'fit'],
      // Bodies of HTTP answers are `any`, and a test says at once when it reads them wrongly.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
