import Stripe from 'stripe';
import { DomainError } from '../../../libs/kernel/domain-error';
import { IdempotencyKeyReused } from '../../../libs/http/refusals';
import { CheckoutRefused, ProviderAway, UnreadableEvent } from '../domain/errors';
import { cleaned } from './stripe-shapes';

const { errors } = Stripe;
const refusing = [errors.StripeInvalidRequestError, errors.StripeAuthenticationError, errors.StripePermissionError, errors.StripeCardError];
const secrets = /\b(?:[srp]k|whsec|rkcs)_[\w*.…-]+/g;

export const isMissing = (error: unknown): boolean =>
  error instanceof errors.StripeInvalidRequestError && error.code === 'resource_missing';

/** What we say when something could not be opened: Stripe's words where it refused. */
export function refusalOf(error: unknown): Error {
  if (error instanceof errors.StripeIdempotencyError) return new IdempotencyKeyReused();
  if (refusing.some((kind) => error instanceof kind)) return new CheckoutRefused(wordsOf(error) || 'Stripe refused without a word.');
  return away(error);
}

/** What we say when a question was not answered, however that came. */
export function away(error: unknown): Error {
  if (error instanceof DomainError) return error;
  if (error instanceof UnreadableEvent) return new ProviderAway(`an answer makes no sense: ${error.message}`);
  if (error instanceof errors.StripeConnectionError) return new ProviderAway(`not reached: ${codeOf(error) ?? wordsOf(error)}`);
  if (error instanceof errors.StripeError)
    return new ProviderAway(`answered ${error.statusCode ?? 'what makes no sense'}: ${wordsOf(error)}`);
  return error as Error;
}

const wordsOf = (error: unknown): string => {
  const { message } = error as { message: unknown };
  return typeof message === 'string' ? cleaned(message.slice(0, 4_000).replace(secrets, '…'), 300) : '';
};

/** Why there was no connection, as the system names it. */
function codeOf({ detail }: { detail?: unknown }): string | null {
  const { code, cause } = (detail ?? {}) as { code?: unknown; cause?: { code?: unknown } };
  const found = cause?.code ?? code;
  return typeof found === 'string' && /^\w+$/.test(found) ? found : null;
}
