import { ApiError } from '../objects/api-error';
import type { Ledger } from '../life/ledger';
import { listOf } from '../objects/objects';

type Json = { [field: string]: unknown };

/** Puts whole objects where the answer has ids, as `expand` asks; the answer is a copy. */
export function expanded(ledger: Ledger, answer: object, paths: readonly string[]): object {
  const copy = structuredClone(answer) as Json;
  for (const path of paths) {
    const steps = path.split('.');
    if (steps.length > 4) throw new ApiError(400, `You cannot expand more than 4 levels: ${path}`, { param: 'expand' });
    follow(ledger, copy, steps, path);
  }
  return copy;
}

function follow(ledger: Ledger, object: Json, [step, ...rest]: string[], path: string): void {
  if (step === undefined) return;
  const value = reached(ledger, object, step, path);
  object[step] = value;
  if (Array.isArray(value)) for (const each of value) follow(ledger, each as Json, rest, path);
  else if (value !== null) follow(ledger, value as Json, rest, path);
}

/** Fields that are lists and only there when somebody asks. */
const hidden: Record<string, Record<string, (ledger: Ledger, id: string) => object>> = {
  'checkout.session': {
    line_items: (ledger, id) => listOf(ledger.checkouts.get(id)?.lines ?? [], `/v1/checkout/sessions/${id}/line_items`),
  },
  invoice: { payments: (ledger, id) => listOf(ledger.paymentsOf(id), `/v1/invoice_payments?invoice=${id}`) },
  charge: {
    refunds: (ledger, id) =>
      listOf(
        [...ledger.refunds.values()].filter(({ charge }) => charge === id),
        `/v1/charges/${id}/refunds`,
      ),
  },
  customer: {
    subscriptions: (ledger, id) =>
      listOf(
        [...ledger.subscriptions.values()].filter(({ customer, status }) => customer === id && status !== 'canceled'),
        `/v1/customers/${id}/subscriptions`,
      ),
  },
};

function reached(ledger: Ledger, object: Json, step: string, path: string): object | null {
  const list = hidden[String(object.object)]?.[step];
  if (list) return structuredClone(list(ledger, String(object.id)));
  const value = object[step];
  if (value === null || typeof value === 'object') return value;
  const found = typeof value === 'string' ? ledger.find(value) : undefined;
  if (found) return structuredClone(found);
  throw new ApiError(400, `This property cannot be expanded (${path}).`, { param: 'expand' });
}
