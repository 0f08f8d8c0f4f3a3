// Nest 12 ships ES modules only, which Jest cannot require() on older Node: @swc/jest compiles those few packages (cached).
const jsc = {
  target: 'es2022',
  transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
  keepClassNames: true,
};
const commonjs = { type: 'commonjs' };

module.exports = {
  rootDir: '.',
  roots: ['<rootDir>/src', '<rootDir>/libs', '<rootDir>/test'],
  testEnvironment: 'node',
  // More would find the one PostgreSQL busy, and the timings of faults stretched.
  maxWorkers: 2,
  // A machine that is busy is slow, and that is no fault of what is tested.
  testTimeout: 20_000,
  testRegex: '\\.spec\\.ts$',
  moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { ...jsc, parser: { syntax: 'typescript', decorators: true } }, module: commonjs, sourceMaps: 'inline' },
    ],
    '^.+\\.m?js$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: commonjs }],
  },
  transformIgnorePatterns: ['/node_modules/(?!(@nestjs|svix|light-my-request/node_modules/cookie|cookie|file-type|load-esm)/)'],
  globalSetup: '<rootDir>/test/global-setup.ts',
  globalTeardown: '<rootDir>/test/global-teardown.ts',
};
