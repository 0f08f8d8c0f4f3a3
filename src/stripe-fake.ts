import { Command, InvalidArgumentError } from 'commander';
import { StripeFake } from '../libs/stripe-fake';
import { guide } from '../libs/stripe-fake/pages/guide';

interface Options {
  port: number;
  webhookUrl: string;
  webhookSecret: string;
  secretKey: string;
}

const program = new Command('stripe:fake')
  .description('A Stripe to play with: the API, the hosted pages and the webhooks, on this machine alone. No real money.')
  .option('--port <port>', 'where it listens, on 127.0.0.1', portNumber, 4242)
  .option('--webhook-url <url>', 'where events go', webAddress, 'http://localhost:3000/v1/brands/demo/stripe/webhook')
  .option('--webhook-secret <secret>', 'what events are signed with', 'whsec_latchkey_fake')
  .option('--secret-key <key>', 'the account that has the prices of the demo and the webhook', secretKey, 'sk_test_latchkey_fake')
  .addHelpText('after', `\n${guide('http://127.0.0.1:4242')}`)
  .action(run);

/** What the plans of the demo cost. */
const prices = [
  { id: 'price_demo_monthly', amount: 1000, interval: 'month', nickname: 'Monthly' },
  { id: 'price_demo_yearly', amount: 9900, interval: 'year', nickname: 'Yearly' },
  { id: 'price_demo_lifetime', amount: 24900, interval: null, nickname: 'Lifetime' },
] as const;

async function run(options: Options): Promise<void> {
  const fake = await StripeFake.start({ port: options.port });
  for (const price of prices) fake.account(options.secretKey).createPrice(price);
  fake.addWebhook(options.secretKey, { url: options.webhookUrl, secret: options.webhookSecret });
  process.stdout.write(welcome(fake.url, options));
  const end = (): void => void fake.stop().then(() => process.exit(0));
  process.once('SIGINT', end).once('SIGTERM', end);
}

const welcome = (
  url: string,
  { secretKey: key, webhookSecret, webhookUrl }: Options,
): string => `A fake Stripe is running. No real money moves here.

  dashboard        ${url}
  secret key       ${key}
  webhook secret   ${webhookSecret}
  events go to     ${webhookUrl}
  prices           ${prices.map(({ id }) => id).join(', ')}

Start Latchkey (its demo brand has this account and plans with these prices), then ask for a checkout and open the \`url\` of the answer:

  curl ${checkoutsOf(webhookUrl)} -H "X-API-Key: $BRAND_KEY" -H 'Content-Type: application/json' \\
    -d '{"plan_code":"pro_monthly","success_url":"${page(url)}/thanks","cancel_url":"${page(url)}/"}'

On the dashboard time moves to the next renewal; payments fail, come back or are disputed.
The same from a terminal: npm run stripe:fake -- --help
`;

/** Latchkey opens checkouts next to where it hears of them. */
const checkoutsOf = (webhookUrl: string): string => webhookUrl.replace(/\/stripe\/webhook$/, '/checkout-sessions');

const page = (url: string): string => url.replace('127.0.0.1', 'localhost');

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) < 65_536) return Number(text);
  throw new InvalidArgumentError('a port is a number from 0 to 65535');
}

function webAddress(text: string): string {
  if (/^https?:\/\/\S+$/.test(text)) return text;
  throw new InvalidArgumentError('an address begins with http:// or https://');
}

function secretKey(text: string): string {
  if (/^(sk|rk)_test_\w+$/.test(text)) return text;
  throw new InvalidArgumentError('a secret key begins with sk_test_ or rk_test_');
}

program.parseAsync().catch((error: unknown) => program.error(`error: ${error instanceof Error ? error.message : String(error)}`));
