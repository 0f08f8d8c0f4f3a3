import 'reflect-metadata';
import { existsSync } from 'node:fs';
import type { INestApplicationContext } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { NestFactory } from '@nestjs/core';
import { isEmail } from 'class-validator';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { BrandId } from '../libs/kernel/brand-id';
import { type IdKind, idPrefixes, parsePublicId, publicId } from '../libs/kernel/id';
import { Jobs } from '../libs/messaging/jobs';
import { runAs } from '../libs/persistence/provenance';
import { AppModule } from './app.module';
import { exportAudit, verifyAudit } from './audit-commands';
import type { InboxStatus } from './billing';
import {
  extendGrace,
  grantPlan,
  linkCustomer,
  reconcile,
  replayEvent,
  resealHelp,
  resealSecrets,
  resendKey,
  stripeEvents,
  unlinkCustomer,
} from './billing-commands';
import { BrandDirectory, BrandNotFound } from './brands';
import { readConfig } from './core/config';
import { openDatabase } from './database-address';
import { demoText, seedDemo } from './demo';
import { explain } from './explain';
import { ListSetAsideEvents, RetryEvents } from './events';
import { allBrands, brandScopes, defaultScopes, IssueApiKey, ListApiKeys, RevokeApiKey } from './identity';
import { LookAtAllAgain, TellOfExpiry } from './licenses';
import { migrate } from './migrate';
import { refuseUnsafeStart } from './safe-start';
import { settingsOf } from './service';

/** What a command found: for programs as JSON, for people as text. */
interface Outcome {
  readonly json: object;
  readonly text: string;
}

const forPrograms = process.argv.includes('--json');
const program = new Command('latchkey')
  .description('Commands for whoever runs Latchkey.')
  .showHelpAfterError(!forPrograms)
  .configureOutput({ outputError: (text, write) => write(forPrograms ? `${JSON.stringify({ error: text.trim() })}\n` : text) });

command('migrate', 'Bring the database up to date. Safe to run from several places at once.').action(
  run(async () => {
    const config = readConfig(process.env, 'migrate');
    const database = await openDatabase(config, 'command');
    try {
      const ran = await migrate(database.ownerUrl, config.DATABASE_RUNTIME_PASSWORD);
      return { json: { migrations: ran }, text: ran.length === 0 ? 'The database was up to date.' : `Migrated: ${ran.join(', ')}` };
    } finally {
      await database.close();
    }
  }),
);

const apiKeys = program.command('api-keys').description('Credentials of brand systems and operators.');
command('create', 'Issue an API key. It is shown this once.', apiKeys)
  .addOption(
    new Option('--role <role>', 'internal acts over all brands, brand over its own').choices(['internal', 'brand']).makeOptionMandatory(),
  )
  .option('--brand <brand>', 'the id or slug of the brand, for --role brand')
  .option('--name <name>', 'what the key is for', 'console')
  .option('--scopes <scopes>', `for --role brand, comma-separated: ${brandScopes.join(', ')}`, scopeList, [...defaultScopes])
  .action(
    run<{ role: 'internal' | 'brand'; brand?: string; name: string; scopes: string[] }>(({ role, brand, name, scopes }) => {
      if ((role === 'brand') !== (brand !== undefined)) program.error('error: --brand goes with --role brand, and only with it');
      return inApplication(async (app) => {
        const reach = brand === undefined ? allBrands : await brandNamed(app, brand);
        const asked = { name, scopes: role === 'internal' ? ['*'] : scopes, expiresAt: null };
        const { secret, state } = await app.get(CommandBus).execute(new IssueApiKey(reach, asked, ['*']));
        return {
          json: { id: publicId('apiKey', state.id), secret, role, brand: brand ?? null, name, scopes: state.scopes },
          text: `${secret}\nIt is shown this once.`,
        };
      });
    }),
  );

command('list', 'List API keys of every brand and role, newest first, up to 100.', apiKeys).action(
  run(() =>
    inApplication(async (app) => {
      const { items } = await app.get(QueryBus).execute(new ListApiKeys(allBrands, { limit: 100, after: null }));
      const keys = items.map(({ id, role, name, hint, lastUsedAt, revokedAt }) => ({
        id: publicId('apiKey', id),
        role,
        name,
        hint,
        lastUsedAt,
        revokedAt,
      }));
      const lines = keys.map(
        (key) => `${key.id}  ${key.role.padEnd(8)}  ${key.hint}  ${key.revokedAt ? 'revoked' : 'alive  '}  ${key.name}`,
      );
      return { json: { keys }, text: lines.join('\n') || 'There are none.' };
    }),
  ),
);
command('revoke', 'End an API key at once and for good.', apiKeys)
  .argument('<id>', 'as list shows it: apk_…', (text) => idOf('apiKey', text))
  .action(async (id: string, options: { json?: boolean }) =>
    run(() =>
      inApplication(async (app) => {
        const { name, revokedAt } = await app.get(CommandBus).execute(new RevokeApiKey(allBrands, id));
        return { json: { id: publicId('apiKey', id), name, revokedAt }, text: `The API key ${name} is revoked.` };
      }),
    )(options),
  );

const licenses = program.command('licenses').description('What time does to licenses, and longer grace.');
command('expire-check', 'Tell by hand, to the end, which licenses are near their end or past it, as the running service does.', licenses)
  .option('--rearm', 'look at every license again: EXPIRY_NOTICE_DAYS was changed')
  .action(
    run<{ rearm?: boolean }>(({ rearm = false }) =>
      inApplication(async (app) => {
        const told = await runAs({ requestId: null, actor: 'clock' }, () => checkExpiry(app.get(CommandBus), rearm));
        const lines = Object.entries(told).map(([type, count]) => `${count} × ${type}`);
        return { json: { told }, text: lines.join('\n') || 'There was nothing to tell.' };
      }),
    ),
  );

command('extend-grace', 'Let a license work for longer after its end, of whichever brand it is.', licenses)
  .argument('<id>', 'the license: lic_…', (text) => idOf('license', text))
  .requiredOption('--days <days>', 'so many days more, or from now on when the grace has passed: 1 to 365', wholeNumber(365))
  .option('--reason <reason>', 'kept with the audit log', line)
  .action(async (id: string, options: { json?: boolean; days: number; reason?: string }) =>
    run<typeof options>(({ days, reason }) => inApplication((app) => extendGrace(app, id, days, reason)))(options),
  );

const licenseKeys = program.command('license-keys').description('What customers hold.');
command('resend', 'Send a customer the license key again, by mail: a new one, once the first mail is gone.', licenseKeys)
  .argument('<id>', 'the license key: key_…', (text) => idOf('licenseKey', text))
  .requiredOption('--brand <brand>', 'the id or slug of the brand')
  .action(async (id: string, options: { json?: boolean; brand: string }) =>
    run<typeof options>(({ brand }) => inApplication(async (app) => resendKey(app, await brandNamed(app, brand), id)))(options),
  );

const housekeeping = program.command('housekeeping').description('Forgetting what is no longer needed.');
command('run', 'Do by hand what is due, as the running service does.', housekeeping).action(
  run(() =>
    inApplication(async (app) => {
      const jobs = await app.get(Jobs).runDue();
      if (jobs.some(({ error }) => error !== null)) process.exitCode = 1;
      const lines = jobs.map(({ name, error }) => `${name}: ${error ?? 'done'}`);
      return { json: { jobs }, text: lines.join('\n') || 'Nothing was due.' };
    }),
  ),
);

const events = program
  .command('events')
  .description('Events that their subscribers could not take, and that were set aside so that those behind them go on.');
command('set-aside', 'List what was set aside, oldest first, up to 100.', events).action(
  run(() =>
    inApplication(async (app) => {
      const waiting = (await app.get(QueryBus).execute(new ListSetAsideEvents(allBrands))).map(({ brandId, eventId, ...rest }) => ({
        event: publicId('event', eventId),
        brand: publicId('brand', brandId),
        ...rest,
      }));
      const lines = waiting.map((one) => `${one.event}  ${one.brand}  ${one.type}  after ${one.attempts} attempts: ${one.error}`);
      return { json: { events: waiting }, text: lines.join('\n') || 'There are none.' };
    }),
  ),
);
command('retry', 'Give events that were set aside to their subscribers once more: those named, or all.', events)
  .argument('[ids...]', 'as set-aside shows them: evt_…', (text: string, before: string[] = []) => [...before, idOf('event', text)])
  .action(async (ids: string[], options: { json?: boolean }) =>
    run(() =>
      inApplication(async (app) => {
        const retried = await app.get(CommandBus).execute(new RetryEvents(allBrands, ids.length > 0 ? ids : null));
        if (retried.some(({ error }) => error !== null)) process.exitCode = 1;
        const results = retried.map(({ eventId, error }) => ({ event: publicId('event', eventId), error }));
        return {
          json: { events: results },
          text: results.map(({ event, error }) => `${event}  ${error ?? 'done'}`).join('\n') || 'Nothing waits.',
        };
      }),
    )(options),
  );

const audit = program.command('audit').description('Who did what, and whether anybody touched the log of it.');
command('verify', 'Check the audit log, and name the first row that was changed, deleted, moved, forged or cut off.', audit)
  .option('--brand <brand>', 'the id or slug of a brand; otherwise all')
  .option('--since <file>', 'also against the heads in an earlier export or answer of verify --json')
  .action(
    run<{ brand?: string; since?: string }>(({ brand, since }) =>
      inApplication(async (app) => {
        const { ok, ...outcome } = await verifyAudit(app, brand === undefined ? null : await brandNamed(app, brand), since);
        if (!ok) process.exitCode = 1;
        return outcome;
      }),
    ),
  );
command('export', 'Write the audit log as lines of JSON that anybody can check (docs/audit.md).', audit)
  .option('--brand <brand>', 'the id or slug of a brand; otherwise all')
  .option('--since <time>', 'from that time on, like 2027-01-31T12:00:00Z', instant)
  .option('--out <file>', 'a file to write to; otherwise here')
  .action(
    run<{ brand?: string; since?: Date; out?: string }>(({ brand, since, out }) =>
      inApplication(async (app) => {
        const rows = await exportAudit(app, brand === undefined ? null : await brandNamed(app, brand), since ?? null, out);
        return out === undefined ? null : { json: { rows, out }, text: `${rows} rows are written to ${out}.` };
      }),
    ),
  );

const billing = program.command('billing').description('Plans and what is bought.');
command('grant', 'Give a customer a plan that nobody pays for: a new license key is mailed to him.', billing)
  .requiredOption('--brand <brand>', 'the id or slug of the brand')
  .requiredOption('--plan <plan>', 'the code or id of the plan')
  .requiredOption('--email <email>', 'the customer', email)
  .option('--quantity <quantity>', 'how many of it', wholeNumber(1_000_000), 1)
  .option('--expires-at <time>', 'like 2027-01-31T12:00:00Z; otherwise after one term of the plan', instant)
  .option('--reason <reason>', 'kept with the licenses', line)
  .action(
    run<{ brand: string; plan: string; email: string; quantity: number; expiresAt?: Date; reason?: string }>(
      ({ brand, plan, email: customerEmail, quantity, expiresAt, reason }) =>
        inApplication(async (app) => {
          const gift = { plan, customerEmail, quantity, reason, ...(expiresAt && { expiresAt }) };
          return grantPlan(app, await brandNamed(app, brand), gift);
        }),
    ),
  );

command('reconcile', 'Compare every purchase at Stripe with its licenses, repair what is safe, and tell what is not.', billing)
  .option('--brand <brand>', 'the id or slug of a brand; otherwise all that have an account')
  .option('--dry-run', 'only say what would be done')
  .action(
    run<{ brand?: string; dryRun?: boolean; json?: boolean }>(({ brand, dryRun = false, json = false }) =>
      inApplication(async (app) => {
        const brandId = brand === undefined ? null : await brandNamed(app, brand);
        const outcome = await reconcile(app, { brandId, dryRun }, (line) => void (json || process.stdout.write(`${line}\n`)));
        if (outcome.json.failed > 0) process.exitCode = 1;
        return outcome;
      }),
    ),
  );
command('events', 'List what Stripe sent to a brand, newest first, up to 100.', billing)
  .requiredOption('--brand <brand>', 'the id or slug of the brand')
  .addOption(new Option('--status <status>', 'only those').choices(['waiting', 'done', 'ignored', 'set_aside']))
  .action(
    run<{ brand: string; status?: InboxStatus }>(({ brand, status }) =>
      inApplication(async (app) => stripeEvents(app, await brandNamed(app, brand), status)),
    ),
  );
ofBrand('replay', 'Process an event of Stripe again, as things are now.', 'evt_…, as events shows it', replayEvent);
ofBrand('unlink', 'Let what a Stripe customer buys change no license any more.', 'cus_…, as Stripe shows it', unlinkCustomer);
ofBrand('link', 'Let what a Stripe customer buys drive licenses.', 'cus_…, as Stripe shows it', linkCustomer).option(
  '--email <email>',
  'of this customer; otherwise of the address that Stripe has',
);

/** A command about something of Stripe, which a brand has to be named for. */
function ofBrand(
  name: string,
  description: string,
  argument: string,
  work: (app: INestApplicationContext, brandId: BrandId, id: string, email?: string) => Promise<Outcome>,
): Command {
  return command(name, description, billing)
    .argument('<id>', argument)
    .requiredOption('--brand <brand>', 'the id or slug of the brand')
    .action((id: string, options: { brand: string; email?: string; json?: boolean }) =>
      run(() => inApplication(async (app) => work(app, await brandNamed(app, options.brand), id, options.email)))(options),
    );
}

const secrets = program.command('secrets').description('What is encrypted at rest.');
command('reseal', 'Encrypt the secrets of billing accounts, webhooks and waiting mails under the newest of ENCRYPTION_KEYS.', secrets)
  .addHelpText('after', resealHelp)
  .action(run(() => inApplication(resealSecrets)));

const demo = program.command('demo').description('Something to try Latchkey with.');
command('seed', 'Make a demo brand with two products, three plans and a license, in a database without brands.', demo).action(
  run(() =>
    inApplication(async (app) => {
      const url = `http://localhost:${process.env.PORT || 3000}`;
      const seeded = await seedDemo(app, url);
      if (!seeded) return { json: { seeded: false }, text: 'Nothing was done: there is a brand already.' };
      return { json: { seeded: true, ...seeded }, text: demoText(seeded, url, process.env.DOCS !== 'false') };
    }),
  ),
);

/** A command that understands --json, and whose failures are one line and exit code 1. */
function command(name: string, description: string, parent: Command = program): Command {
  return parent.command(name).description(description).option('--json', 'answer as JSON, for programs');
}

function run<Options extends object = object>(work: (options: Options) => Promise<Outcome | null>) {
  return async (options: Options & { json?: boolean }): Promise<void> => {
    try {
      const outcome = await work(options);
      if (outcome) process.stdout.write(`${options.json ? JSON.stringify(outcome.json) : outcome.text}\n`);
    } catch (error) {
      const { message, stack } = error as Error;
      const known = explain(error);
      process.stderr.write(options.json ? `${JSON.stringify({ error: known ?? message })}\n` : `${known ?? stack ?? message}\n`);
      process.exitCode = 1;
    }
  };
}

/** The application without HTTP, over a migrated database. */
async function inApplication<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const config = readConfig(process.env);
  const database = await openDatabase(config, 'command');
  try {
    if (!config.production) await migrate(database.ownerUrl, config.DATABASE_RUNTIME_PASSWORD);
    const app = await NestFactory.createApplicationContext(AppModule.with(settingsOf(config, database.url)), {
      logger: false,
      abortOnError: false,
    });
    try {
      await refuseUnsafeStart(app);
      return await runAs({ requestId: null, actor: 'console' }, () => work(app));
    } finally {
      await app.close();
    }
  } finally {
    await database.close();
  }
}

/** How many events of each type it told. */
async function checkExpiry(commands: CommandBus, rearm: boolean): Promise<Record<string, number>> {
  if (rearm) await commands.execute(new LookAtAllAgain(allBrands));
  const told: Record<string, number> = {};
  for (let more = true; more;) {
    const look = await commands.execute(new TellOfExpiry(allBrands));
    for (const type of look.events) told[type] = (told[type] ?? 0) + 1;
    more = look.more;
  }
  return told;
}

async function brandNamed(app: INestApplicationContext, idOrSlug: string) {
  const brand = await app.get(BrandDirectory, { strict: false }).find(allBrands, idOrSlug);
  if (!brand) throw new BrandNotFound();
  return brand.id;
}

function idOf(kind: IdKind, text: string): string {
  const id = parsePublicId(kind, text);
  if (id === null) throw new InvalidArgumentError(`It must begin with ${idPrefixes[kind]}_, as the list shows it.`);
  return id;
}

function instant(text: string): Date {
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(at.getTime())) throw new InvalidArgumentError('It must be like 2027-01-31T12:00:00Z.');
  return at;
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,8}$/.test(text) || Number(text) > most) throw new InvalidArgumentError(`It must be a number from 1 to ${most}.`);
    return Number(text);
  };
}

/** What somebody wrote, in one line that can be kept. */
function line(text: string): string {
  if (text.trim() === '' || text.length > 500 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('It must be a line of up to 500 characters.');
  return text;
}

function email(text: string): string {
  if (!isEmail(text.trim())) throw new InvalidArgumentError('It must be an e-mail address.');
  return text.trim().toLowerCase().normalize('NFC');
}

function scopeList(text: string): string[] {
  const scopes = text.split(',').map((scope) => scope.trim());
  const unknown = scopes.find((scope) => !(brandScopes as readonly string[]).includes(scope));
  if (unknown !== undefined) throw new InvalidArgumentError(`${unknown} is none of ${brandScopes.join(', ')}.`);
  return scopes;
}

// Whoever read the answer has enough of it.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
if (existsSync('.env')) process.loadEnvFile('.env');
void program.parseAsync();
