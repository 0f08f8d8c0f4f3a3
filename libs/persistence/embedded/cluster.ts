import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { shippedBinaries } from './binaries';
import { findProgram, giveTo } from './server-program';

const HALF = '.new-';
const PARTS = ['global', 'base', 'pg_wal'];
const isCluster = (directory: string) => existsSync(join(directory, 'PG_VERSION'));
const isOneOf = (error: unknown, ...codes: string[]) => codes.includes((error as NodeJS.ErrnoException).code ?? '');

/** Makes the directory if need be, and refuses one that belongs to somebody else; answers with its real path. */
export async function claimDirectory(given: string): Promise<string> {
  const path = resolve(given);
  const me = process.getuid?.();
  try {
    await mkdir(dirname(path), { recursive: true });
    if (!existsSync(path)) await mkdir(path, { recursive: true, mode: 0o700 });
    const found = await stat(path);
    if (!found.isDirectory()) throw new Error('it is a file');
    if (me && me !== found.uid) throw new Error(`it belongs to user ${found.uid}, and this is user ${me}`);
    return await realpath(path);
  } catch (error) {
    throw new Error(
      `The data directory ${path} cannot be used: ${(error as Error).message}. Set LATCHKEY_DATA_DIR to a folder of your own.`,
    );
  }
}

/** Makes a database cluster of the directory, unless it is one. */
export async function ensureCluster(directory: string, durable: boolean): Promise<void> {
  while (!isCluster(directory)) {
    const seen = await readdir(directory);
    const half = await halfPublished(directory);
    if (isCluster(directory)) break; // another process finished it meanwhile, so what was seen is no longer true
    if (half) {
      await publish(half, directory);
    } else if (PARTS.some((part) => seen.includes(part))) {
      throw new Error(
        `${directory} holds a part of a PostgreSQL database that Latchkey did not make. Move it away, or set LATCHKEY_DATA_DIR to another place.`,
      );
    } else {
      await publish(await initialize(directory, durable), directory);
    }
  }
  await refuseOtherVersion(directory);
  await sweep(directory);
}

async function refuseOtherVersion(directory: string): Promise<void> {
  const found = readFileSync(join(directory, 'PG_VERSION'), 'utf8').trim();
  const { version } = await shippedBinaries();
  const ours = version.split('.')[0];
  if (found === ours) return;
  throw new Error(
    `${directory} was written by PostgreSQL ${found}, and Latchkey ships ${ours}. Dump it with the old release and load it with this one, or set LATCHKEY_DATA_DIR to another place.`,
  );
}

/** Runs initdb in a folder of its own inside the directory (which may be a mount point), so that one killed half way leaves no half cluster. */
async function initialize(directory: string, durable: boolean): Promise<string> {
  const program = await findProgram(directory);
  const half = join(directory, `${HALF}${randomBytes(6).toString('hex')}`);
  const options = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-instructions', ...(durable ? [] : ['--no-sync'])];
  await chmod(directory, 0o700);
  await giveTo(program.user, directory);
  const failure = await program.run('initdb', ['-D', half, ...options]);
  // a faster process that makes the same cluster clears ours away
  if (failure && !isCluster(directory)) throw new Error(`PostgreSQL could not make a database in ${directory}: ${failure.reason}`);
  return half;
}

/** Moves a finished cluster up: `global` claims the directory (a second such move fails), PG_VERSION completes it. */
async function publish(half: string, directory: string): Promise<void> {
  const names = await readdir(half).catch((): string[] => []);
  const between = names.filter((name) => name !== 'global' && name !== 'PG_VERSION');
  for (const name of ['global', ...between, 'PG_VERSION'].filter((each) => names.includes(each))) {
    try {
      await rename(join(half, name), join(directory, name));
    } catch (error) {
      if (name === 'global' && isOneOf(error, 'ENOTEMPTY', 'EEXIST', 'ENOENT')) return; // another process was faster
      if (!isOneOf(error, 'ENOENT')) throw error; // gone: another process moves the same files
    }
  }
}

/** What killed starts left, and slower ones no longer need. */
async function sweep(directory: string): Promise<void> {
  const litter = (await readdir(directory)).filter((name) => name.startsWith(HALF));
  await Promise.allSettled(litter.map((name) => rm(join(directory, name), { recursive: true, force: true })));
}

/** A cluster whose move was interrupted. The order of the questions matters: initdb makes `global` long before PG_VERSION. */
async function halfPublished(directory: string): Promise<string | undefined> {
  const halves = (await readdir(directory)).filter((name) => name.startsWith(HALF)).map((name) => join(directory, name));
  return halves.find((half) => existsSync(join(half, 'PG_VERSION')) && !existsSync(join(half, 'global')));
}
