import { existsSync } from 'node:fs';
import { type Config, ConfigError, readConfig } from './core/config';
import { createLog } from './core/logger';
import { DataDirectoryTaken, openDatabase } from './database-address';
import { demoText, seedDemo } from './demo';
import { migrate } from './migrate';
import { UnsafeStart } from './safe-start';
import { startService } from './service';

async function main(): Promise<void> {
  if (existsSync('.env')) process.loadEnvFile('.env');
  const config = readConfig(process.env);
  const database = await openDatabase(config, 'service');
  try {
    await serve(config, database);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function serve(config: Config, database: Awaited<ReturnType<typeof openDatabase>>): Promise<void> {
  const log = createLog(config);
  if (!config.production) await migrate(database.ownerUrl, config.DATABASE_RUNTIME_PASSWORD);
  const service = await startService(config, database.url, log);

  const stop = (signal: string) => {
    log.info({ signal }, 'stopping: requests under way may finish');
    void service
      .stop()
      .then(() => database.close())
      .then(() => {
        log.info('stopped');
        process.exit(0);
      });
  };
  // Once each: a terminal sends Ctrl-C to npm and to us, and npm passes its own on.
  process.once('SIGINT', stop).once('SIGTERM', stop);
  process.on('SIGINT', () => undefined).on('SIGTERM', () => undefined);

  const demo = config.production ? null : await seedDemo(service.app);
  if (demo) process.stdout.write(`\n${demoText(demo, service.url)}\n`);
  log.info(
    { url: service.url, ...(config.DOCS && { docs: `${service.url}/docs` }), database: database.embedded ? 'embedded' : 'external' },
    'Latchkey is running',
  );
}

main().catch((error: unknown) => {
  const known = error instanceof ConfigError || error instanceof UnsafeStart || error instanceof DataDirectoryTaken;
  process.stderr.write(`${known ? error.message : explain(error)}\n`);
  process.exit(1);
});

/** Common failures of starting, in words that help. */
function explain(error: unknown): string {
  const { code, message, stack } = error as { code?: string; message?: string; stack?: string };
  if (code === 'EADDRINUSE') return `The port is taken: ${message}. Set PORT to another.`;
  if (code === 'ECONNREFUSED') return `The database does not answer: ${message}. Check DATABASE_URL.`;
  if (code === '22023' || /role "latchkey_runtime" does not exist/.test(message ?? '')) {
    return 'The database is not migrated: the role latchkey_runtime is missing. Run: npm run latchkey -- migrate';
  }
  return stack ?? String(error);
}
