import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { openEmbeddedPostgres, ownEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres';

jest.setTimeout(60_000);

const base = realpathSync(mkdtempSync(join(tmpdir(), 'latchkey-embedded-')));
chmodSync(base, 0o755);
const servers: EmbeddedPostgres[] = [];
const processes: ChildProcess[] = [];

const directoryOf = (name: string) => join(base, name);
const pidFileOf = (name: string) => join(base, name, 'postmaster.pid');
const pidOf = (name: string) => Number.parseInt(readFileSync(pidFileOf(name), 'utf8'));

async function open(name: string, durable = false): Promise<EmbeddedPostgres> {
  const server = await openEmbeddedPostgres(directoryOf(name), { durable, maxConnections: 20 });
  servers.push(server);
  return server;
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown> {
  const client = new Client(server.url('postgres'));
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return (rows as unknown[][])[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Runs `code` in a process of its own, and waits until it says that it is done. */
async function inAnotherProcess(name: string, code: string): Promise<ChildProcess> {
  const script = `
    const { transformFileSync } = require('@swc/core');
    require.extensions['.ts'] = (module, file) =>
      module._compile(transformFileSync(file, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } }).code, file);
    const { openEmbeddedPostgres, ownEmbeddedPostgres } = require(${JSON.stringify(join(__dirname, 'embedded-postgres.ts'))});
    openEmbeddedPostgres(${JSON.stringify(directoryOf(name))}, { durable: false }).then(async (pg) => { ${code} });`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  processes.push(child);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([status]) => Promise.reject(new Error(`the other process ended with ${status}`))),
  ]);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

afterAll(async () => {
  processes.forEach((child) => child.kill('SIGKILL'));
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(base, { recursive: true, force: true });
});

describe('the embedded PostgreSQL', () => {
  it('makes a cluster, serves it and stops', async () => {
    const server = await open('main');
    expect(server.started).toBe(true);
    expect(await ask(server, 'SHOW server_encoding')).toBe('UTF8');
    expect(await ask(server, 'SHOW listen_addresses')).toBe('127.0.0.1');
    expect(statSync(directoryOf('main')).mode & 0o777).toBe(0o700);
    expect(statSync(join(directoryOf('main'), 'server.log')).mode & 0o777).toBe(0o600);
    expect(readdirSync(directoryOf('main')).filter((name) => name.startsWith('.'))).toEqual([]);

    await server.stop();
    await server.stop();
    expect(existsSync(pidFileOf('main'))).toBe(false);
    await expect(ask(server, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  });

  it('escapes the names in an address', async () => {
    const server = await open('main');
    expect(server.url('a/b', 'c@d')).toBe(`postgres://c%40d@127.0.0.1:${server.port}/a%2Fb`);
    await server.stop();
  });

  it('attaches to a server that runs, and can stop it', async () => {
    const first = await open('main');
    const second = await open('main');
    expect([first.started, second.started, second.port]).toEqual([true, false, first.port]);
    await second.stop();
    await expect(ask(first, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await first.stop();
  });

  it('is started once when several start it at the same time', async () => {
    const all = await Promise.all([open('raced'), open('raced'), open('raced')]);
    expect(all.map(({ started }) => started).sort()).toEqual([false, false, true]);
    expect(new Set(all.map(({ port }) => port)).size).toBe(1);
    expect(readdirSync(directoryOf('raced')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('outlives a killed parent, and the next start attaches to it', async () => {
    await kill(await inAnotherProcess('main', `console.log('up'); setInterval(() => undefined, 1000);`));
    const server = await open('main');
    expect(server.started).toBe(false);
    const owner = await ownEmbeddedPostgres(server);
    expect(owner).not.toBeNull();
    const pid = pidOf('main');
    await server.stop();
    await gone(pid);
    await owner?.release();
  });

  it('does not keep its process alive', async () => {
    const child = await inAnotherProcess('main', `const own = await ownEmbeddedPostgres(pg); await own.release(); console.log('up');`);
    await (child.exitCode === null ? once(child, 'exit') : undefined);
    expect(child.exitCode).toBe(0);
    const server = await open('main');
    expect(server.started).toBe(false);
    await server.stop();
  });

  it('recovers what was committed when the server itself is killed', async () => {
    const killed = await open('main', true);
    await ask(killed, 'CREATE TABLE kept AS SELECT 42 AS value');
    const pid = pidOf('main');
    process.kill(pid, 'SIGKILL');
    await gone(pid);
    expect(existsSync(pidFileOf('main'))).toBe(true);

    const server = await open('main');
    expect(server.started).toBe(true);
    expect(await ask(server, 'SELECT value FROM kept')).toBe(42);
    await server.stop();
  });

  it.each([
    ['names a process that is another program', (text: string) => text.replace(/^\d+/, String(process.pid))],
    ['names a PostgreSQL of another directory', (text: string) => text.replace(/^\d+/, String(pidOf('other')))],
    ['is empty', () => ''],
  ])('is not held up by a stale postmaster.pid that %s', async (_, spoil) => {
    await open('other');
    const first = await open('main');
    const text = readFileSync(pidFileOf('main'), 'utf8');
    await first.stop();
    writeFileSync(pidFileOf('main'), spoil(text));

    const server = await open('main');
    expect(server.started).toBe(true);
    expect(await ask(server, 'SHOW data_directory')).toBe(directoryOf('main'));
    await server.stop();
  });

  it('waits for a server that is shutting down', async () => {
    const first = await open('main');
    const stopping = first.stop();
    const server = await open('main');
    await stopping;
    expect(server.started).toBe(true);
    expect(await ask(server, 'SELECT 1')).toBe(1);
    await server.stop();
  });

  it('says so when the port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    await expect(openEmbeddedPostgres(directoryOf('main'), { port, durable: false })).rejects.toThrow('Address already in use');
    taken.close();
  });
});

describe('a data directory', () => {
  it('may hold the remains of an initdb that was killed, and files of others', async () => {
    mkdirSync(join(directoryOf('half'), '.new-dead', 'global'), { recursive: true });
    writeFileSync(join(directoryOf('half'), '.gitkeep'), '');
    expect(await ask(await open('half'), 'SELECT 1')).toBe(1);
    expect(existsSync(join(directoryOf('half'), '.new-dead'))).toBe(false);
    expect(existsSync(join(directoryOf('half'), '.gitkeep'))).toBe(true);
  });

  it('is completed when its cluster was being moved in', async () => {
    await (await open('moved')).stop();
    const half = join(directoryOf('moved'), '.new-dead');
    mkdirSync(half);
    for (const name of ['PG_VERSION', 'base', 'postgresql.conf', 'pg_wal']) renameSync(join(directoryOf('moved'), name), join(half, name));
    expect(await ask(await open('moved'), 'SELECT 1')).toBe(1);
    expect(existsSync(half)).toBe(false);
  });

  it('is left alone when it holds a part of somebody else’s cluster', async () => {
    mkdirSync(join(directoryOf('foreign'), 'base'), { recursive: true });
    await expect(open('foreign')).rejects.toThrow('holds a part of a PostgreSQL database that Latchkey did not make');
    expect(readdirSync(directoryOf('foreign'))).toEqual(['base']);
  });

  const canRename = process.getuid?.() === 0 && spawnSync('unshare', ['-U', 'true']).status === 0;
  (canRename ? it : it.skip)('may be where root alone may go', async () => {
    mkdirSync(directoryOf('private'), { mode: 0o700 });
    expect(await ask(await open('private/data'), 'SELECT 1')).toBe(1);
    expect(statSync(directoryOf('private/data')).uid).toBe(0);
  });

  it('of another major version is refused', async () => {
    mkdirSync(directoryOf('old'));
    writeFileSync(join(directoryOf('old'), 'PG_VERSION'), '15\n');
    await expect(open('old')).rejects.toThrow('was written by PostgreSQL 15, and Latchkey ships 18');
  });

  it('that is a file is refused', async () => {
    writeFileSync(directoryOf('file'), '');
    await expect(open('file')).rejects.toThrow('LATCHKEY_DATA_DIR');
  });
});

describe('the owner of the server', () => {
  it('is one, until it releases', async () => {
    const server = await open('main');
    const first = await ownEmbeddedPostgres(server);
    expect(first).not.toBeNull();
    expect(await ownEmbeddedPostgres(server)).toBeNull();
    await first?.release();
    await first?.release();
    const second = await ownEmbeddedPostgres(server);
    expect(second).not.toBeNull();
    await second?.release();
    await server.stop();
  });

  it('is nobody any more when its process is killed', async () => {
    const server = await open('main');
    const child = await inAnotherProcess(
      'main',
      `console.log(String(!!(await ownEmbeddedPostgres(pg)))); setInterval(() => undefined, 1000);`,
    );
    expect(await ownEmbeddedPostgres(server)).toBeNull();
    await kill(child);
    const owner = await ownEmbeddedPostgres(server);
    expect(owner).not.toBeNull();
    await owner?.release();
    await server.stop();
  });

  it('survives the loss of the server', async () => {
    const server = await open('main');
    const owner = await ownEmbeddedPostgres(server);
    await server.stop();
    await owner?.release();
    expect(owner).not.toBeNull();
  });
});
