// A package is known by its file, which may also be reached through a link.
const npm = (...names) => `(^|/)node_modules/(@types/)?(${names.join('|')})/`;

const spec = '\\.spec\\.ts$';
const testing = '^libs/testing/';
const building = '\\.mjs$';
const kernel = '^libs/kernel/';
const crypto = '^(node:)?crypto$';
const compositionRoot = '^src/([^/]+\\.ts$|migrations/)';
const drivers = ['typeorm', 'pg', 'ioredis', 'stripe', 'nodemailer', 'fastify'];
const otherIndex = '^src/(?!$1/)[^/]+/index\\.ts$';

module.exports = {
  forbidden: [
    {
      name: 'domain-stands-alone',
      comment: 'A rule of the business depends on nothing that could change for another reason.',
      severity: 'error',
      from: { path: '^src/([^/]+)/domain/', pathNot: spec },
      to: { pathNot: ['^src/$1/domain/', kernel, crypto] },
    },
    {
      name: 'ports-speak-domain',
      comment: 'A port is told in the language of the domain, so that any technology can stand behind it.',
      severity: 'error',
      from: { path: '^src/([^/]+)/ports/' },
      to: { pathNot: ['^src/$1/(domain|ports)/', kernel, otherIndex] },
    },
    {
      name: 'ports-borrow-only-shapes',
      comment: "Of another module's index a port takes types alone (import type).",
      severity: 'error',
      from: { path: '^src/([^/]+)/ports/' },
      to: { path: otherIndex, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'use-cases-know-ports-not-adapters',
      comment: 'The story stays the same, whatever stores, sends or serves it.',
      severity: 'error',
      from: { path: '^src/([^/]+)/use-cases/', pathNot: spec },
      to: {
        pathNot: ['^src/$1/(domain|ports|use-cases)/', kernel, '^libs/license-key/', npm('@nestjs/cqrs', '@nestjs/common'), otherIndex],
      },
    },
    {
      name: 'modules-meet-at-their-index',
      comment: 'What a module does not export it may change; only the composition root sees everything.',
      severity: 'error',
      from: { path: '^src/([^/]+)', pathNot: compositionRoot },
      to: { path: '^src/', pathNot: ['^src/$1/', otherIndex] },
    },
    {
      name: 'core-knows-no-feature',
      comment: 'Core runs the thing; features plug into it.',
      severity: 'error',
      from: { path: '^src/core/' },
      to: { path: '^src/', pathNot: '^src/core/' },
    },
    {
      name: 'libs-know-no-module',
      comment: 'Technique knows nothing of licensing.',
      severity: 'error',
      from: { path: '^libs/', pathNot: testing },
      to: { path: '^src/' },
    },
    {
      name: 'testing-uses-the-front-doors',
      comment: 'The in-process app is the composition root plus what modules export; it must not depend on their insides.',
      severity: 'error',
      from: { path: testing },
      to: { path: '^src/', pathNot: [compositionRoot, '^src/core/', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'kernel-stands-alone',
      comment: 'What every domain uses must drag nothing in.',
      severity: 'error',
      from: { path: kernel, pathNot: spec },
      to: { pathNot: [kernel, '^(node:)?util$', npm('uuidv7')] },
    },
    {
      name: 'drivers-stay-at-the-edge',
      comment: 'A driver is exchanged in adapters and technique, never in the middle.',
      severity: 'error',
      from: {
        path: '^(src|libs)/',
        pathNot: ['^src/[^/]+/adapters/', '^libs/(persistence|http|testing|stripe-fake)/', '^src/core/', compositionRoot],
      },
      // A path inside a package that it does not export keeps its bare name.
      to: { path: [npm(...drivers), `^(${drivers.join('|')})(/|$)`] },
    },
    {
      name: 'no-cycles',
      comment: 'Of two files in a cycle neither can be read, tested or moved alone.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'production-imports-no-test-code',
      comment: 'Neither specs nor libs/testing are built, so such an import fails at start.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: [spec, testing] },
      to: { path: [testing, '^(test|bench)/', spec] },
    },
    {
      name: 'production-imports-declared-dependencies',
      comment: 'The image holds what package.json lists under dependencies, nothing else. A tool of the build is not in it.',
      severity: 'error',
      from: { path: '^(src|libs)/', pathNot: [spec, testing, building] },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'] },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    // Types are dependencies of thought: `import type` counts.
    tsPreCompilationDeps: true,
    // ES-module-only packages have no `main` and are found through their exports.
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'] },
  },
};
