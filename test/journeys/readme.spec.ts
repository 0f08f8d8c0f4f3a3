import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Environment, Home, inBash, printed, root } from './latchkey';

jest.setTimeout(60_000);

const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The blocks that say of themselves that they are run here, in order. */
const checked = [...readme.matchAll(/^<!-- checked -->\n```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);

describe('The README', () => {
  it('is at most 150 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('links and names files that exist', () => {
    const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!);
    const names = [...readme.matchAll(/`((?:src|libs|test|bench|docs|openapi)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path!);
    expect([...links, ...names].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('marks every comment that asks for a check right before a block of shell', () => {
    expect(readme.match(/<!--\s*checked/g)).toHaveLength(checked.length);
    expect(checked.join('').match(/^\s*curl /gm)!.length).toBeGreaterThanOrEqual(4);
  });

  describe('is run', () => {
    const home = new Home();
    let environment: Environment;

    beforeAll(async () => {
      const { url, stdout } = await home.start({ WEBHOOKS_ALLOW_PRIVATE: 'true' });
      const { internalKey, brandKey, licenseKey } = printed(stdout);
      environment = { URL: url, INTERNAL_KEY: internalKey, BRAND_KEY: brandKey, LICENSE_KEY: licenseKey };
    });
    afterAll(() => home.remove());

    // The receiver that it starts ends with it.
    const before = ['set -euo pipefail', `cd ${home.path}`, "trap 'jobs -p | xargs -r kill' EXIT"];
    const script = [...before, 'curl() { command curl --fail-with-body -sS "$@"; }', ...checked].join('\n');

    it('and stops at the first call that fails', async () => {
      const wrong = await inBash(script, { ...environment, LICENSE_KEY: 'DEMO-NONE' });
      expect(wrong.code).toBe(22);
      expect(JSON.parse(wrong.stdout)).toMatchObject({ status: expect.any(Number), code: expect.any(String) });
    });

    it('from top to bottom, and works as it stands', async () => {
      const { code, stdout, stderr } = await inBash(script, environment);
      expect({ code, stderr, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stderr: '', stdout: '' });
      expect(stdout).toMatch(/genuine \{.*webhook_endpoint.test/);
    });
  });
});
