import { Injectable } from '@nestjs/common';
import type { JsonObject } from '../../../libs/kernel/json';
import { publicId } from '../../../libs/kernel/id';
import { DomainError } from '../../../libs/kernel/domain-error';
import { ProductCatalogue } from '../../brands';
import { ExpiryNotices, graceUntil, type HeldLicense, IssuingDesk, ProvisionLicenses } from '../../licenses';
import type { Drift } from '../domain/drift';
import type { PlanGrant, PlanState } from '../domain/plan';
import type { Done, Purchase, PurchaseState, Standing } from '../domain/purchase';
import { Customers } from '../ports/customers';
import { Plans } from '../ports/plans';
import { grantsOf, seatsFor } from './granting';
import { Letters } from './letters';

interface Fulfilled {
  readonly changes: string[];
  readonly drifts: Drift[];
}

/** Gives a customer what he paid for, and no more: the one place where purchases become licenses. All of it joins the caller's unit of work. */
@Injectable()
export class Fulfilment {
  constructor(
    private readonly plans: Plans,
    private readonly customers: Customers,
    private readonly desk: IssuingDesk,
    private readonly letters: Letters,
    private readonly notices: ExpiryNotices,
    private readonly products: ProductCatalogue,
  ) {}

  /** Does what differs from what was done before; doing it again does nothing. */
  async of(purchase: Purchase, at: Date): Promise<Fulfilled> {
    const found: Fulfilled = { changes: [], drifts: [] };
    const { brandId, customerId } = purchase.state;
    const customer = customerId === null ? null : await this.customers.hold(brandId, customerId);
    if (customer && !customer.state.followed) return found;
    const email = customer?.holder ?? purchase.state.customerEmail;
    const { done } = purchase.state;
    const sold = await this.planOf(purchase.state, found);
    const plan = asBought(sold ?? (done && (await this.plans.find(brandId, publicId('plan', done.planId)))), done);
    const judged = plan && purchase.standing(plan);
    if (!plan || !judged) return found;
    // Where nobody knows what is paid for now, nothing more is given for it; what was taken back is taken.
    const standing =
      sold || !done ? judged : { ...judged, until: done.until === null ? null : new Date(done.until), quantity: done.quantity };

    if (purchase.state.licenseKeyId === null) {
      await this.deliver(purchase, plan, standing, email, at, found);
    } else {
      await this.adjust(purchase, plan, standing, at, found);
    }
    await this.tellOfFailures(purchase, plan, email);
    return found;
  }

  /** Its trial ends soon, and then it is charged. */
  async tellOfTrial({ state }: Purchase): Promise<void> {
    const { brandId, subject, trialEnd, customerId, customerEmail, licenseKeyId, status } = state;
    const plan = await this.planOf(state, { changes: [], drifts: [] });
    const customer = customerId === null ? null : await this.customers.hold(brandId, customerId);
    const email = customer?.holder ?? customerEmail;
    if (customer?.state.followed === false) return;
    if (!plan || !trialEnd || !email || !licenseKeyId || status !== 'trialing') return;
    await this.letters.trialEnding(plan, email, subject, trialEnd);
  }

  /** By what is paid for; what our checkout noted stands in where an event does not tell it. */
  private async planOf({ brandId, priceId, planCode, ...state }: PurchaseState, { drifts }: Fulfilled): Promise<PlanState | null> {
    const sold = priceId === null ? null : await this.plans.ofPrice(brandId, priceId);
    if (sold) return sold;
    const noted = priceId !== null || planCode === null ? null : await this.plans.find(brandId, planCode);
    const isPaid = state.status !== 'incomplete' && state.status !== 'ended';
    if (isPaid && !noted) drifts.push({ cause: 'no_plan_for_price', detail: `No plan is sold at the price ${priceId ?? '(none)'}.` });
    return noted;
  }

  private async deliver(purchase: Purchase, plan: PlanState, standing: Standing, email: string | null, at: Date, found: Fulfilled) {
    // What was taken back or is over already is not given.
    if (standing.status === 'cancelled' || (standing.until !== null && isOver(standing, at))) return;
    if (email === null)
      return void found.drifts.push({ cause: 'no_customer_email', detail: 'Stripe tells no e-mail address of the customer.' });
    const { brandId, subject } = purchase.state;
    const origin = { by: 'purchase', plan: plan.code, reference: subject } as const;
    const terms = { expiresAt: standing.until, graceDays: standing.graceDays, renews: standing.renews, origin };
    try {
      const { licenseKey, key } = await this.desk.provision(
        new ProvisionLicenses(brandId, email, null, grantsOf(plan, standing.quantity, terms)),
      );
      purchase.fulfilled(licenseKey.id, at);
      purchase.didFor(plan, standing);
      await this.letters.keyIssued(plan, email, standing.until, { id: licenseKey.id, text: key! });
      found.changes.push(`issued a key for ${plan.code} to ${subject}`);
    } catch (error) {
      // A product that is gone or archived, an end that is not possible: a person has to look, and nothing else waits for him.
      if (!(error instanceof DomainError)) throw error;
      found.drifts.push({ cause: 'license_missing', detail: error.message });
      return;
    }
    if (standing.status !== 'valid') await this.adjust(purchase, plan, standing, at, found);
  }

  private async adjust(purchase: Purchase, plan: PlanState, standing: Standing, at: Date, found: Fulfilled): Promise<void> {
    const { brandId, subject, licenseKeyId, done } = purchase.state;
    const all = await this.desk.holdAllOf(brandId, licenseKeyId!);
    const own = all.filter(({ state }) => state.origin.reference === subject);
    const until = done?.until ?? null;
    const suspended: string[] = [];
    for (const license of own) {
      if (license.state.status === 'cancelled') continue;
      const wasValid = license.state.status === 'valid';
      await this.suit(license, purchase, plan, standing, at);
      const isOurs = wasValid || done?.suspended.includes(license.state.id);
      if (license.state.status === 'suspended' && isOurs) suspended.push(license.state.id);
      if (license.changes.length === 0) continue;
      await this.desk.keep(license);
      found.changes.push(
        `${subject}: ${license.changes
          .map(({ member }) => member)
          .filter(isTold)
          .join(', ')} of ${license.state.productCode}`,
      );
    }
    if (standing.status === 'valid' && !isOver(standing, at)) await this.addMissing(purchase, plan, standing, own, all, found);
    found.drifts.push(...own.flatMap((license) => driftsOf(license, plan, standing, suspended, at)));
    if (standing.status === 'cancelled' && purchase.isStillCharged) found.drifts.push(stillCharged);
    purchase.didFor(plan, standing, suspended);
    const isLonger = standing.until !== null && until !== null && standing.until.toISOString() > until;
    if (isLonger && standing.status === 'valid' && own[0]) {
      await this.letters.renewed(plan, own[0].state.customerEmail, subject, standing.until);
    }
  }

  /** Makes one license what it should be. What somebody else suspended stays suspended. */
  private async suit(license: HeldLicense, { state: { done } }: Purchase, plan: PlanState, standing: Standing, at: Date): Promise<void> {
    const grant = plan.grants.find(({ productCode }) => productCode === license.state.productCode);
    const isOtherPlan = done !== null && done.planId !== plan.id;
    if (!grant) {
      if (license.state.status === 'valid') license.becomes('suspended', 'not part of the plan', at, this.notices.daysBefore);
      return;
    }
    const { until, quantity, graceDays, renews } = standing;
    const { expiresAt } = license.state;
    if (expiresAt !== null && (until === null || until > expiresAt)) license.renew({ expiresAt: until }, at, this.notices.daysBefore);
    license.update(
      {
        renews,
        ...((!done || isOtherPlan || done.quantity !== quantity) && { seatLimit: seatsFor(grant, quantity) }),
        ...((!done || done.graceDays !== graceDays) && { graceDays }),
        ...(isOtherPlan && { entitlements: await this.entitlementsOf(plan, grant) }),
      },
      at,
    );
    const { status, reason } = judged(license, standing, at);
    const now = license.state.status;
    if (status !== 'valid' && now !== status) license.becomes(status, reason ?? undefined, at, this.notices.daysBefore);
    // Nobody collects any more, but nothing new was paid either: then it stays so.
    const isResumed = status === 'valid' && now === 'suspended' && done?.suspended.includes(license.state.id) && !isPast(license, at);
    if (isResumed) license.becomes('valid', 'paid', at, this.notices.daysBefore);
  }

  private async entitlementsOf({ brandId }: PlanState, { productCode, entitlements }: PlanGrant): Promise<JsonObject> {
    return entitlements ?? (await this.products.find(brandId, productCode))?.entitlements ?? {};
  }

  /** What the plan gives and the key has not: another plan was chosen, or a product came back. */
  private async addMissing(
    purchase: Purchase,
    plan: PlanState,
    standing: Standing,
    own: HeldLicense[],
    all: HeldLicense[],
    found: Fulfilled,
  ) {
    const { brandId, subject, licenseKeyId } = purchase.state;
    const has = new Set([...own, ...all.filter(({ state }) => state.status !== 'cancelled')].map(({ state }) => state.productCode));
    const missing = plan.grants.filter(({ productCode }) => !has.has(productCode));
    if (missing.length === 0) return;
    const origin = { by: 'purchase', plan: plan.code, reference: subject } as const;
    const terms = { expiresAt: standing.until, graceDays: standing.graceDays, renews: standing.renews, origin };
    const holder = (all[0]?.state.customerEmail ?? purchase.state.customerEmail)!;
    try {
      const grants = grantsOf({ grants: missing }, standing.quantity, terms);
      await this.desk.provision(new ProvisionLicenses(brandId, holder, { id: licenseKeyId! }, grants));
      found.changes.push(`${subject}: added ${missing.map(({ productCode }) => productCode).join(', ')}`);
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      found.drifts.push({ cause: 'license_missing', detail: error.message });
    }
  }

  private async tellOfFailures(purchase: Purchase, plan: PlanState, email: string | null): Promise<void> {
    if (!purchase.state.licenseKeyId || !email) return;
    for (const invoice of purchase.failedInvoices) await this.letters.paymentFailed(plan, email, invoice);
  }
}

const stillCharged: Drift = { cause: 'still_charged', detail: 'The licenses were cancelled, but the subscription goes on.' };

/** With what it gave when it was bought, as long as it is the same plan. */
const asBought = (plan: PlanState | null, done: Done | null): PlanState | null =>
  plan && done?.planId === plan.id ? { ...plan, ...done.bought } : plan;

const isOver = ({ until }: Standing, at: Date): boolean => until !== null && until <= at;
const isTold = (member: string): boolean => !['version', 'updatedAt', 'noticedUntil', 'nextNoticeAt', 'seatCeiling'].includes(member);

/** Where somebody tries in vain to collect, the license lasts as long as its grace, which support may have made longer. */
function judged(license: HeldLicense, { status, reason, failing }: Standing, at: Date): Pick<Standing, 'status' | 'reason'> {
  return status === 'valid' && failing && isPast(license, at) ? { status: 'suspended', reason: 'payment failed' } : { status, reason };
}

/** Its end has passed, and its grace too. */
function isPast({ state }: HeldLicense, at: Date): boolean {
  const end = graceUntil(state) ?? state.expiresAt;
  return end !== null && end <= at;
}

/** What is not as it should be, and was not repaired: a person did it, so a person has to say. */
function driftsOf({ state }: HeldLicense, plan: PlanState, standing: Standing, suspended: readonly string[], at: Date): Drift[] {
  const grant = plan.grants.find(({ productCode }) => productCode === state.productCode);
  const isRunning = standing.status === 'valid' && !isOver(standing, at);
  if (!grant || !isRunning) return [];
  const of = `The license of ${state.productCode}`;
  if (state.status === 'cancelled') return [{ cause: 'license_cancelled', detail: `${of} was cancelled, but is paid.` }];
  const drifts: Drift[] = [];
  if (state.status === 'suspended' && !suspended.includes(state.id))
    drifts.push({ cause: 'license_suspended', detail: `${of} was suspended by hand.` });
  const seats = seatsFor(grant, standing.quantity);
  if (state.seatLimit !== seats)
    drifts.push({ cause: 'seats_differ', detail: `${of} has ${state.seatLimit ?? 'any'} seats, paid are ${seats ?? 'any'}.` });
  return drifts;
}
