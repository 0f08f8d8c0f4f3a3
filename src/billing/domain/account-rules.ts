import { DomainError, refusal } from '../../../libs/kernel/domain-error';

interface Fault {
  readonly pointer: string;
  readonly detail: string;
}

export class AccountNotPossible extends DomainError {
  static readonly refusal = refusal(
    'billing_account_not_possible',
    'unprocessable',
    'Billing account not possible',
    'The keys do not make an account: the first time all three are needed, the publishable key has to be of the same mode as the secret one, ' +
      'and keys of the fake Stripe work where there is one, never in production. `errors` names each place.',
  );
  constructor(faults: readonly Fault[]) {
    super(AccountNotPossible.refusal, faults.length === 1 ? faults[0]!.detail : `${faults.length} things are wrong with this account.`, {
      errors: faults,
    });
  }
}

/** What is needed the first time, as it is named on the wire. */
const keys = { secretKey: 'stripe_secret_key', publishableKey: 'publishable_key', webhookSecret: 'webhook_secret' } as const;
type Keys = { readonly [Key in keyof typeof keys]: string };

/** @throws AccountNotPossible */
export function ensureComplete<Given extends Partial<Keys>>(given: Given): asserts given is Given & Keys {
  const missing = (Object.keys(keys) as (keyof Keys)[]).filter((key) => given[key] === undefined);
  if (missing.length === 0) return;
  throw new AccountNotPossible(
    missing.map((key) => ({ pointer: `/${keys[key]}`, detail: `The brand has no billing account yet: ${keys[key]} is needed.` })),
  );
}

/** Whether a key moves real money. */
export const isLive = (key: string): boolean => /^[a-z]+_live_/.test(key);

/** Both keys are of one mode. `given` is the one that was sent, at which the refusal points. @throws AccountNotPossible */
export function ensureOneMode(livemode: boolean, publishableKey: string, given: 'secretKey' | 'publishableKey'): void {
  if (isLive(publishableKey) === livemode) return;
  const mode = livemode ? 'live' : 'test';
  const detail = `The secret key is of ${mode} mode, and the publishable key is not. Send both keys of one mode.`;
  throw new AccountNotPossible([{ pointer: `/${keys[given]}`, detail }]);
}

/** Made for the fake, which the real provider does not know. */
const isOfFake = (secretKey: string): boolean => secretKey.startsWith('sk_test_latchkey_');

/** @throws AccountNotPossible */
export function ensureReachable(secretKey: string, hasFake: boolean): void {
  if (!isOfFake(secretKey) || hasFake) return;
  const detail = 'This is a key of the fake Stripe, which production does not have. Take one from the Stripe dashboard.';
  throw new AccountNotPossible([{ pointer: `/${keys.secretKey}`, detail }]);
}
