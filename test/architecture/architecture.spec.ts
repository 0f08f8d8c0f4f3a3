import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { ICruiseResult } from 'dependency-cruiser';

type Tree = Record<string, string>;

/** Every file here must be caught by the rule above it; what they import lies in `lawful`. */
const breaches: Record<string, Tree> = {
  'domain-stands-alone': {
    'src/licenses/domain/asks-a-port.ts': "import '../ports/licenses';",
    'src/licenses/domain/asks-another-domain.ts': "import type { Brand } from '../../brands/domain/brand';",
    'src/licenses/domain/asks-another-index.ts': "import type { BrandDesk } from '../../brands';",
    'src/licenses/domain/knows-the-framework.ts': "import { Injectable } from '@nestjs/common';",
    'src/licenses/domain/knows-the-key-format.ts': "import '../../../libs/license-key/license-key';",
    'src/licenses/domain/reads-a-file.ts': "import { readFileSync } from 'node:fs';",
  },
  'ports-speak-domain': {
    'src/licenses/ports/knows-its-adapter.ts': "import '../adapters/postgres-licenses';",
    'src/licenses/ports/knows-its-caller.ts': "import '../use-cases/provision-licenses';",
    'src/licenses/ports/speaks-sql.ts': "import type { EntityManager } from 'typeorm';",
    'src/licenses/ports/reaches-into-brands.ts': "import type { Brand } from '../../brands/domain/brand';",
  },
  'ports-borrow-only-shapes': {
    'src/licenses/ports/borrows-behaviour.ts': "import { BrandDesk } from '../../brands';",
  },
  'use-cases-know-ports-not-adapters': {
    'src/licenses/use-cases/knows-the-adapter.ts': "import '../adapters/postgres-licenses';",
    'src/licenses/use-cases/knows-the-adapter-later.ts': "export const later = () => import('../adapters/postgres-licenses');",
    'src/licenses/use-cases/knows-the-database.ts': "import '../../../libs/persistence/database';",
    'src/licenses/use-cases/knows-the-driver.ts': "import type { Pool } from 'pg';",
    'src/licenses/use-cases/knows-the-mapper.ts': "import { InjectRepository } from '@nestjs/typeorm';",
    'src/licenses/use-cases/makes-randomness.ts': "import { randomBytes } from 'node:crypto';",
  },
  'modules-meet-at-their-index': {
    'src/licenses/adapters/reaches-into-brands.ts': "import '../../brands/ports/brand-desk';",
    'src/licenses/adapters/reaches-into-core.ts': "import '../../core/connections';",
    'src/licenses/adapters/reaches-for-the-whole.ts': "import '../../data-source';",
    'src/licenses/use-cases/reaches-into-brands.spec.ts': "import '../../brands/domain/brand';",
  },
  'core-knows-no-feature': {
    'src/core/knows-licenses.ts': "import '../licenses';",
    'src/core/knows-the-whole.ts': "import '../app.module';",
  },
  'libs-know-no-module': {
    'libs/http/knows-brands.ts': "import type { BrandDesk } from '../../src/brands';",
    'libs/persistence/knows-the-whole.ts': "import '../../src/data-source';",
  },
  'testing-uses-the-front-doors': {
    'libs/testing/reaches-into-licenses.ts': "import '../../src/licenses/domain/license';",
  },
  'kernel-stands-alone': {
    'libs/kernel/knows-other-technique.ts': "import '../license-key/license-key';",
    'libs/kernel/knows-the-framework.ts': "import { Injectable } from '@nestjs/common';",
    'libs/kernel/reads-a-file.ts': "import { readFileSync } from 'node:fs';",
  },
  'drivers-stay-at-the-edge': {
    'libs/messaging/knows-fastify.ts': "import 'fastify';",
    'libs/messaging/knows-stripe.ts': "import 'stripe';",
    'libs/messaging/knows-what-stripe-hides.ts': "import 'stripe/hidden';",
    'src/licenses/knows-ioredis.ts': "import 'ioredis';",
    'src/licenses/knows-pg.ts': "import 'pg';",
    'src/licenses/knows-typeorm.ts': "import type { EntityManager } from 'typeorm';",
    'src/licenses/knows-the-inside-of-typeorm.ts': "import 'typeorm/entity-manager/EntityManager';",
  },
  'no-cycles': {
    'src/licenses/adapters/head.ts': "import './tail';",
    'src/licenses/adapters/tail.ts': "import type { Head } from './head';",
  },
  'production-imports-no-test-code': {
    'src/licenses/adapters/uses-a-fixture.ts': "import '../../../libs/testing/app';",
    'src/licenses/adapters/uses-a-spec.ts': "import '../domain/license.spec';",
    'src/licenses/adapters/uses-the-contract.ts': "import '../../../test/contract/licenses';",
  },
  'production-imports-declared-dependencies': {
    'src/licenses/adapters/uses-a-tool.ts': "import 'fast-check';",
    'libs/http/uses-what-another-package-brought.ts': "import 'find-my-way';",
  },
};

/** What the architecture allows, so that a rule that forbids everything fails too. */
const lawful: Tree = {
  'src/main.ts': "import 'fastify'; import './app.module'; import './licenses/domain/license';",
  'src/app.module.ts': "import './core'; import './licenses';",
  'src/data-source.ts': "import 'typeorm'; import './migrations/1-start'; import './licenses/adapters/postgres-licenses';",
  'src/migrations/1-start.ts': "import 'typeorm';",
  'src/core/index.ts': "export * from './connections';",
  'src/core/connections.ts': "import 'pg'; import 'ioredis'; import '../../libs/persistence/database';",
  'src/brands/index.ts': "export * from './ports/brand-desk';",
  'src/brands/domain/brand.ts': "import '../../../libs/kernel/ids';",
  'src/brands/ports/brand-desk.ts': "import type { Brand } from '../domain/brand';",
  'src/licenses/index.ts': "export * from './licenses.module'; export * from './use-cases/provision-licenses';",
  'src/licenses/licenses.module.ts': "import '@nestjs/common'; import './adapters/postgres-licenses';",
  'src/licenses/domain/license.ts': "import 'node:crypto'; import '../../../libs/kernel/ids'; import './errors';",
  'src/licenses/domain/errors.ts': '',
  'src/licenses/domain/license.spec.ts': "import 'fast-check'; import './license'; import '../../../libs/testing/app';",
  'src/licenses/ports/licenses.ts':
    "import '../domain/license'; import type { BrandDesk } from '../../brands'; import '../../../libs/kernel/ids';",
  'src/licenses/use-cases/provision-licenses.ts': `
    import '@nestjs/common'; import '@nestjs/cqrs'; import '../domain/license'; import '../ports/licenses'; import '../../brands';
    import '../../../libs/kernel/ids'; import '../../../libs/license-key/license-key';`,
  'src/licenses/use-cases/provision-licenses.spec.ts': "import './provision-licenses'; import '../adapters/postgres-licenses';",
  'src/licenses/adapters/postgres-licenses.ts': `
    import 'typeorm'; import 'pg'; import 'ioredis'; import 'stripe'; import 'fastify'; import '../../core'; import '../ports/licenses';
    import '../use-cases/provision-licenses'; import '../../../libs/persistence/database'; import 'node:fs';`,
  'libs/kernel/ids.ts': "import 'uuidv7'; import 'node:util';",
  'libs/kernel/ids.spec.ts': "import 'fast-check'; import './ids';",
  'libs/license-key/license-key.ts': "import '../kernel/ids';",
  'libs/persistence/database.ts': "import 'typeorm'; import 'pg'; import '../kernel/ids';",
  'libs/http/credentials.guard.ts': "import 'fastify'; import '@nestjs/common';",
  'libs/testing/app.ts': "import '@nestjs/testing'; import '../../src/app.module'; import '../../src/brands'; import './servers';",
  'libs/testing/servers.ts': '',
  'test/contract/licenses.ts': '',
};

const root = resolve(__dirname, '../..');
const inRoot = (path: string) => join(root, path);

// dependency-cruiser is an ES module, which jest cannot load; its command can be run.
async function cruise(directory: string): Promise<ICruiseResult> {
  const args = [
    inRoot('node_modules/.bin/depcruise'),
    'src',
    'libs',
    '--config',
    inRoot('.dependency-cruiser.cjs'),
    '--output-type',
    'json',
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, maxBuffer: 2 ** 28 });
  return JSON.parse(stdout) as ICruiseResult;
}

function plant(tree: Tree): string {
  const directory = mkdtempSync(join(tmpdir(), 'architecture-'));
  for (const path of ['node_modules', 'package.json']) symlinkSync(inRoot(path), join(directory, path));
  for (const [path, source] of Object.entries(tree)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, source, { flag: 'wx' });
  }
  return directory;
}

const violations = ({ summary }: ICruiseResult) =>
  summary.violations.map(({ rule, from, to, cycle }) => ({
    rule: rule.name,
    from,
    to,
    ...(cycle && { cycle: cycle.map(({ name }) => name) }),
  }));
const rulesOf = ({ summary }: ICruiseResult) => summary.ruleSetUsed?.forbidden ?? [];

describe('The architecture', () => {
  let house: ICruiseResult;
  let planted: ICruiseResult;

  beforeAll(async () => {
    const directory = plant(Object.assign({}, lawful, ...Object.values(breaches)) as Tree);
    try {
      [house, planted] = await Promise.all([cruise(root), cruise(directory)]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 30_000);

  it('is kept by the code', () => {
    expect(violations(house)).toEqual([]);
  });

  it.each(['src/', 'libs/'])('is watched in %s', (folder) => {
    expect(house.modules.some(({ source }) => source.startsWith(folder))).toBe(true);
  });

  it('has no rule for a place that is gone', () => {
    const idle = rulesOf(house).filter(({ from }) => !house.modules.some(({ source }) => new RegExp(String(from.path ?? '')).test(source)));
    expect(idle.map(({ name }) => name)).toEqual([]);
  });

  it('has a planted breach for every rule', () => {
    expect(rulesOf(planted).map(({ name }) => name)).toEqual(Object.keys(breaches));
  });

  it.each(Object.entries(breaches))('catches what breaks %s', (rule, tree) => {
    const caught = violations(planted).filter((violation) => violation.rule === rule);
    expect(caught.flatMap(({ from, cycle }) => cycle ?? from)).toEqual(expect.arrayContaining(Object.keys(tree)));
  });

  it('lets through what it allows', () => {
    expect(violations(planted).filter(({ from }) => from in lawful)).toEqual([]);
  });
});
