import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { openEmbeddedPostgres } from '../libs/persistence/embedded-postgres';
import { migrate } from '../src/migrate';
import { ownerUrl, template, withOwner } from '../libs/testing/database';

declare global {
  var stopServers: (() => Promise<void>)[];
}

/** A PostgreSQL of our own with one migrated template database, and a real Redis if this machine has one. */
export default async function setUp(): Promise<void> {
  globalThis.stopServers = [];
  await startPostgres();
  await startRedis();
}

async function startPostgres(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'latchkey-test-'));
  chmodSync(home, 0o755);
  const server = await openEmbeddedPostgres(join(home, 'postgres'), { durable: false, maxConnections: 300 });
  globalThis.stopServers.push(async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  });
  process.env.TEST_POSTGRES_URL = server.url('');
  await withOwner('postgres', (owner) => owner.query(`create database ${template}`));
  await migrate(ownerUrl(template));
}

async function startRedis(): Promise<void> {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    if (process.env.REQUIRE_REDIS) throw new Error('REQUIRE_REDIS is set, but there is no redis-server');
    console.warn('No redis-server on this machine: what needs it is skipped.');
    return;
  }
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    redis.stdout.on('data', (line) => String(line).includes('Ready to accept') && resolve());
    redis.once('exit', () => reject(new Error('redis-server did not start')));
  });
  redis.stdout.resume();
  process.env.TEST_REDIS_URL = `redis://127.0.0.1:${port}`;
  process.env.TEST_REDIS_PID = String(redis.pid);
  globalThis.stopServers.push(
    () =>
      new Promise((resolve) => {
        redis.once('exit', () => resolve());
        redis.kill('SIGTERM');
      }),
  );
}

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
