import cluster from 'node:cluster';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * As its own process: two built services behind one port, over the database that the environment names. Node hands each new connection
 * to the next of them. Says where they listen in the words of the service, once both do, and ends with both.
 */
async function main(): Promise<void> {
  // What a worker writes would be taken for the word that both are there.
  cluster.setupPrimary({ exec: join(__dirname, '../src/main.js'), silent: true });
  process.on('SIGINT', stop).on('SIGTERM', stop);
  // The first alone brings the database up to date, and works in the background.
  const port = await start({ BACKGROUND_WORK: 'true' });
  await start({ BACKGROUND_WORK: 'false' });
  process.stdout.write(`{"url":"http://127.0.0.1:${port}","msg":"Latchkey is running"}\n`);
}

async function start(environment: Record<string, string>): Promise<number> {
  const worker = cluster.fork(environment);
  worker.process.stdout!.resume();
  worker.process.stderr!.pipe(process.stderr);
  worker.once('exit', () => stop());
  const [{ port }] = (await once(worker, 'listening')) as [{ port: number }];
  return port;
}

let stopping = false;

/** One that ends takes the other along: half a cluster would measure something else. */
function stop(): void {
  if (!stopping) for (const worker of Object.values(cluster.workers ?? {})) worker!.process.kill('SIGINT');
  stopping = true;
}

void main();
