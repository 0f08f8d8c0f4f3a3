import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';

/** [path, source, the rule that must catch it]; with null the lint must let it through. */
const planted: [path: string, source: string, rule: string | null][] = [
  ['src/licenses/domain/reads-the-clock.ts', 'export const at = new Date();', 'no-restricted-syntax'],
  ['src/licenses/use-cases/reads-the-clock.ts', 'export const at = Date.now();', 'no-restricted-syntax'],
  ['src/licenses/use-cases/hands-the-clock-on.ts', 'export const clock = Date.now;', 'no-restricted-syntax'],
  ['src/licenses/domain/prints-the-clock.ts', 'export const at = Date();', 'no-restricted-syntax'],
  ['src/licenses/domain/reads-the-clock.spec.ts', 'export const at = new Date();', 'no-restricted-syntax'],
  ['src/licenses/domain/is-told-the-time.ts', "export const at = new Date('2026-01-01');", null],
  ['src/licenses/adapters/reads-the-clock.ts', 'export const at = new Date();', null],

  ['src/licenses/adapters/makes-a-tenant.ts', 'export const brand = id as BrandId;', 'no-restricted-syntax'],
  ['src/licenses/domain/makes-a-tenant.ts', 'export const brand = <BrandId>id;', 'no-restricted-syntax'],
  ['src/licenses/use-cases/makes-all-tenants.ts', 'export const all = {} as unknown as AllBrands;', 'no-restricted-syntax'],
  ['src/identity/use-cases/makes-a-tenant.ts', 'export const brand = id as BrandId | null;', 'no-restricted-syntax'],
  ['libs/http/makes-tenants.ts', 'export const brands = ids as BrandId[];', 'no-restricted-syntax'],
  ['src/identity/adapters/makes-a-tenant.ts', 'export const brand = id as BrandId;', null],
  ['libs/kernel/brand-id.ts', 'export const brand = id as BrandId;', null],
  ['libs/testing/makes-a-tenant.ts', 'export const brand = id as BrandId;', null],
  ['src/licenses/use-cases/makes-a-tenant.spec.ts', 'export const brand = id as BrandId;', null],
  ['test/api/makes-a-tenant.ts', 'export const brand = id as BrandId;', null],

  ['src/licenses/domain/speaks-http.ts', "import { NotFoundException } from '@nestjs/common';", 'no-restricted-imports'],
  ['src/licenses/use-cases/speaks-http.ts', "import { type HttpException as Refusal } from '@nestjs/common';", 'no-restricted-imports'],
  ['src/core/speaks-http.ts', "import * as nest from '@nestjs/common';", 'no-restricted-imports'],
  ['libs/persistence/speaks-http.ts', "import { ConflictException } from '@nestjs/common';", 'no-restricted-imports'],
  ['src/licenses/licenses.module.ts', "import { Module } from '@nestjs/common';", null],
  ['src/licenses/adapters/speaks-http.ts', "import { NotFoundException } from '@nestjs/common';", null],
  ['libs/http/speaks-http.ts', "import { HttpException } from '@nestjs/common';", null],

  ['src/licenses/domain/listens-to-one-test.spec.ts', "it.only('is heard', () => {});", 'no-restricted-properties'],
  ['test/api/listens-to-one-group.spec.ts', "describe.only('is heard', () => {});", 'no-restricted-properties'],
  ['test/journeys/listens-to-one-test.spec.ts', "fit('is heard', () => {});", 'no-restricted-globals'],
  ['test/journeys/listens-to-one-group.spec.ts', "fdescribe('is heard', () => {});", 'no-restricted-globals'],
];

describe('The lint', () => {
  let caught: Record<string, string[]>;

  beforeAll(() => {
    const sources = Object.fromEntries(planted.map(([path, source]) => [path, source]));
    // ESLint loads its configuration as an ES module, which jest cannot.
    const { stdout, stderr } = spawnSync(process.execPath, [join(__dirname, 'lint-planted.mjs')], {
      cwd: resolve(__dirname, '../..'),
      input: JSON.stringify(sources),
      encoding: 'utf8',
    });
    if (!stdout) throw new Error(stderr);
    caught = JSON.parse(stdout) as Record<string, string[]>;
  }, 30_000);

  it.each(planted)('judges %s rightly: %s', (path, _source, rule) => {
    expect(caught[path]).toEqual(rule ? [rule] : []);
  });
});
