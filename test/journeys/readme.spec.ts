import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { type Environment, Home, inBash, printed, root } from './latchkey';

jest.setTimeout(60_000);

const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** What newcomers read: the README, and beside it what did not find room in it. */
const pages = [
  { folder: '.', text: readme },
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => ({ folder: 'docs', text: readFileSync(join(root, 'docs', name), 'utf8') })),
];
const all = pages.map(({ text }) => text).join('\n');
/** The blocks that say of themselves that they are run here, in order. */
const checked = [...all.matchAll(/^<!-- checked -->\n```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);

describe('The README, with its docs,', () => {
  it('is at most 150 lines', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('links and names files that exist', () => {
    const links = pages.flatMap(({ folder, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => join(folder, path!)),
    );
    const names = [...all.matchAll(/`((?:src|libs|test|bench|docs|openapi)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path!);
    expect([...links, ...names].filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('marks every comment that asks for a check right before a block of shell', () => {
    expect(all.match(/<!--\s*checked/g)).toHaveLength(checked.length);
    expect(checked.join('').match(/^\s*curl /gm)!.length).toBeGreaterThanOrEqual(4);
  });

  describe('is run', () => {
    const home = new Home();
    let environment: Environment;
    let fake: ChildProcess | undefined;

    beforeAll(async () => {
      const port = await freePort();
      const stripe = `http://127.0.0.1:${port}`;
      const { url, stdout } = await home.start({ WEBHOOKS_ALLOW_PRIVATE: 'true', STRIPE_FAKE_URL: stripe });
      fake = await startFake(port, url);
      const { internalKey, brandKey, licenseKey } = printed(stdout);
      environment = { URL: url, INTERNAL_KEY: internalKey, BRAND_KEY: brandKey, LICENSE_KEY: licenseKey, STRIPE: stripe };
    });
    afterAll(async () => {
      fake?.kill();
      await home.remove();
    });

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
      const [, bought] = /"customer_email":"ada@example.com","status":"valid","starts_at":null,"expires_at":"([^"]+)"/.exec(stdout) ?? [];
      expect(daysUntil(bought!)).toBeGreaterThan(2 * 28 - 1);
      expect(stdout).toMatch(/"valid":false,"code":"cancelled"/);
    });
  });
});

const daysUntil = (instant: string): number => (new Date(instant).getTime() - Date.now()) / 86_400_000;

/** `npm run stripe:fake`, somewhere else than the newcomer's. */
async function startFake(port: number, url: string): Promise<ChildProcess> {
  const options = ['--port', String(port), '--webhook-url', `${url}/v1/brands/demo/stripe/webhook`];
  const fake = spawn(process.execPath, [join(root, 'dist/src/stripe-fake.js'), ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(fake.stdout, 'data');
  return fake;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
