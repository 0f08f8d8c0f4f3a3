import { execFile, spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { statSync } from 'node:fs';
import { lchown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { copiedBinaries, shippedBinaries, type Binaries } from './binaries';

const NOBODY = 65534;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** As whom PostgreSQL runs, for it refuses root: `owner` is who has to own its data directory, `via` what its command line begins with. */
export interface ServerUser {
  readonly owner: Owner | null;
  readonly ids: { readonly uid?: number; readonly gid?: number };
  readonly via: readonly string[];
}
const OURSELVES: ServerUser = { owner: null, ids: {}, via: [] };
const as = (uid: number, gid: number): ServerUser => ({ owner: { uid, gid }, ids: { uid, gid }, via: [] });
/** A user namespace in which we are called nobody, yet keep our rights on files. */
const RENAMED: ServerUser = {
  owner: { uid: 0, gid: 0 },
  ids: {},
  via: ['unshare', '-U', `--map-user=${NOBODY}`, `--map-group=${NOBODY}`],
};

interface Failure {
  readonly reason: string;
  /** the binaries could not be read, so a copy of them may help */
  readonly unreadable: boolean;
}

/** The PostgreSQL programs together with the user that runs them. */
export class ServerProgram {
  constructor(
    readonly user: ServerUser,
    private readonly binaries: Binaries,
    private readonly directory: string,
  ) {}

  /** Runs one to its end, and says what went wrong, if anything did. */
  async run(program: string, args: readonly string[]): Promise<Failure | undefined> {
    try {
      await promisify(execFile)(...this.commandLine(program, args), this.options());
      return undefined;
    } catch (error) {
      const { code, stderr, message } = error as Error & { code?: string | number; stderr?: string };
      // 126 and 127 is how unshare and the linker say it
      return { reason: stderr?.trim() || message, unreadable: code === 'EACCES' || code === 126 || code === 127 };
    }
  }

  /** Starts one that outlives us and hears no Ctrl-C: the service drains first and ends its database itself. */
  start(program: string, args: readonly string[], stdio: StdioOptions): ChildProcess {
    const [command, all] = this.commandLine(program, args);
    const child = spawn(command, all, { ...this.options(), stdio, detached: true });
    child.unref();
    return child;
  }

  private commandLine(program: string, args: readonly string[]): [string, string[]] {
    const [command, ...rest] = [...this.user.via, join(this.binaries.folder, 'native', 'bin', program), ...args] as [string, ...string[]];
    return [command, rest];
  }

  private options() {
    // a fresh environment: the secrets of the service are none of the server's business
    return { ...this.user.ids, cwd: this.directory, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' } };
  }
}

/** Who may run PostgreSQL on the directory, and from which binaries. The answer is the same for every process that asks. */
export async function findProgram(directory: string): Promise<ServerProgram> {
  const shipped = await shippedBinaries();
  const reasons = new Set<string>();
  let users = usersFor(directory).filter(({ owner }) => {
    const wall = owner && closedTo(owner, directory);
    if (wall) reasons.add(`user ${owner.uid} may not enter ${wall}`);
    return !wall;
  });
  for (const copied of [false, true]) {
    const hindered: ServerUser[] = [];
    for (const user of users) {
      if (copied) await giveTo(user, directory);
      const program = new ServerProgram(user, copied ? await copiedBinaries(shipped, directory) : shipped, directory);
      const failure = await program.run('postgres', ['--version']);
      if (!failure) return program;
      reasons.add(failure.reason);
      if (failure.unreadable) hindered.push(user);
    }
    users = hindered;
  }
  const advice =
    process.getuid?.() === 0
      ? 'PostgreSQL refuses to run as root: set LATCHKEY_DATA_DIR to a place that user nobody can reach, run Latchkey as a normal user, or set DATABASE_URL.'
      : 'Set DATABASE_URL.';
  throw new Error(`PostgreSQL cannot run on ${directory} (${[...reasons].join('; ')}). ${advice}`);
}

/** Root hands over the data directory, and nothing else. */
export async function giveTo({ owner }: ServerUser, directory: string): Promise<void> {
  const { uid, gid } = statSync(directory);
  if (owner && (owner.uid !== uid || owner.gid !== gid)) await lchown(directory, owner.uid, owner.gid);
}

function usersFor(directory: string): readonly ServerUser[] {
  if (process.getuid?.() !== 0) return [OURSELVES];
  const cluster = statSync(join(directory, 'PG_VERSION'), { throwIfNoEntry: false });
  const { uid, gid } = cluster ?? statSync(directory);
  if (uid !== 0 && (cluster || uid !== NOBODY)) return [as(uid, gid)];
  return cluster ? [RENAMED] : [as(NOBODY, NOBODY), RENAMED];
}

/** The first folder on the way that a user may not pass. */
function closedTo({ uid, gid }: Owner, path: string): string | undefined {
  const folder = dirname(path);
  const wall = folder === path ? undefined : closedTo({ uid, gid }, folder);
  const { mode, ...its } = statSync(folder);
  const bit = its.uid === uid ? 0o100 : its.gid === gid ? 0o010 : 0o001;
  return wall ?? (mode & bit ? undefined : folder);
}
