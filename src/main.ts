import { existsSync } from 'node:fs';
import { openTracing } from '../libs/telemetry/open-tracing';
import { AppModule } from './app.module';
import { type Config, readConfig } from './core/config';
import { createLog } from './core/logger';
import { type DatabaseAddress, openDatabase } from './database-address';
import { demoText, seedDemo } from './demo';
import { explain } from './explain';
import { migrate } from './migrate';
import { settingsOf, startService } from './service';

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

async function serve(config: Config, database: DatabaseAddress): Promise<void> {
  const log = createLog(config);
  if (!config.production) await migrate(database.ownerUrl, config.DATABASE_RUNTIME_PASSWORD);
  const settings = settingsOf(config, database.url, await openTracing(process.env));
  const service = await startService(config, database.url, log, AppModule.with(settings));
  const demo = config.production ? null : await seedDemo(service.app, service.url);
  if (demo) process.stdout.write(`\n${demoText(demo, service.url, config.DOCS)}\n`);
  log.info(
    { url: service.url, ...(config.DOCS && { docs: `${service.url}/docs` }), database: database.embedded ? 'embedded' : 'external' },
    'Latchkey is running',
  );

  const signal = await stopSignal;
  log.info({ signal }, 'stopping: requests under way may finish');
  await service.stop();
  await database.close();
  log.info('stopped');
  process.exit(0);
}

// The first one counts, were it during the start; later ones are swallowed: a terminal sends Ctrl-C to npm and to us, and npm passes its own on.
const stopSignal = new Promise<string>((resolve) => process.on('SIGINT', resolve).on('SIGTERM', resolve).on('SIGHUP', resolve));

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error) ?? (error as Error).stack ?? String(error)}\n`);
  process.exit(1);
});
