import type { FakeAccount } from '../account';
import { deliveriesOf, lastPayment, type Playground } from './desk';
import { guide } from './guide';
import { dayOf, html, type Markup, moment, money } from './markup';
import type { FakeCharge, FakeEvent, FakeSession, FakeSubscription } from '../objects/objects';
import { cardOf, isOver, periodOf } from '../life/subscriptions';

/** The desk: all accounts, and a button for everything that may happen to them. */
export const dashboardPage = (play: Playground, url: string, notice: string | null): Markup =>
  html` <h1>Fake Stripe</h1>
    ${notice !== null && html`<p class="notice">${notice}</p>`}
    <div class="card">
      <h2>It is ${moment(Math.floor(play.now.getTime() / 1000))} UTC</h2>
      <div class="row">
        ${act('advance', 'To the next renewal', { to: 'renewal' })} ${act('advance', '+ 1 day', { days: '1' })}
        ${act('advance', '+ 30 days', { days: '30' })} ${act('fault', 'API works', { fault: 'none' })}
        ${act('fault', 'API answers 500', { fault: 'error500' })} ${act('fault', 'API does not answer', { fault: 'hang' })}
        ${play.fault !== null && html`<span class="tag bad">API: ${play.fault}</span>`}
      </div>
    </div>
    ${play.everyAccount.length === 0 && html`<div class="card">Nobody has called yet.</div>`} ${play.everyAccount.map(accountPart)}
    <div class="card">
      <h2>From a terminal</h2>
      <pre>${guide(url)}</pre>
    </div>`;

const act = (name: string, label: string, fields: Record<string, string>): Markup =>
  html`<form method="post" action="/fake/${name}">
    ${Object.entries(fields).map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}" />`)}<button>
      ${label}
    </button>
  </form>`;

const accountPart = (account: FakeAccount): Markup => {
  const open = [...account.sessions.values()].filter(({ status }) => status === 'open').reverse();
  const subscriptions = [...account.subscriptions.values()].reverse();
  const once = [...account.charges.values()]
    .filter(({ payment_intent, paid }) => paid && !account.ledger.invoiceOf(payment_intent))
    .reverse();
  return html`<div class="card scroll">
      <h2>Account <code>${account.secretKey}</code></h2>
      <p class="soft">Events go to ${account.deliveries.hooks.map(({ url }) => url).join(', ') || 'nobody'}.</p>
      ${open.length > 0 && html`<p>Open checkouts: ${open.slice(0, 5).map(sessionLink)}</p>`}
      ${
        subscriptions.length === 0
          ? html`<p>No subscriptions yet: start a checkout in the shop.</p>`
          : html`<table>
              <tr>
                <th>Subscription</th>
                <th>Status</th>
                <th>Period</th>
                <th>Card</th>
                <th></th>
              </tr>
              ${subscriptions.slice(0, 50).map((each) => subscriptionRow(account, each))}
            </table>`
      }
      ${
        once.length > 0 &&
        html`<table>
          <tr>
            <th>Single payment</th>
            <th>Amount</th>
            <th></th>
            <th></th>
          </tr>
          ${once.slice(0, 50).map((each) => chargeRow(account, each))}
        </table>`
      }
    </div>
    ${account.events.length > 0 && eventsPart(account)}`;
};

const sessionLink = ({ id, amount_total, currency }: FakeSession): Markup =>
  html`<a href="/pay/${id}">${money(amount_total, currency)}</a> `;

function subscriptionRow(account: FakeAccount, subscription: FakeSubscription): Markup {
  const { id, customer, status, cancel_at: end, pause_collection: pause } = subscription;
  const item = subscription.items.data[0]!;
  const tone = status === 'active' || status === 'trialing' ? 'good' : isOver(subscription) ? '' : 'bad';
  return html`<tr>
    <td>
      ${account.customers.get(customer)?.email}<br /><span class="soft">${item.quantity} × ${item.price.nickname ?? item.price.id}</span
      ><br /><code>${id}</code>
    </td>
    <td><span class="tag ${tone}">${status}</span>${pause && html`<br /><span class="tag mid">paused</span>`}</td>
    <td>
      ${dayOf(periodOf(subscription).start)}<br />to
      ${dayOf(periodOf(subscription).end)}${end !== null && html`<br /><span class="mid">ends ${dayOf(end)}</span>`}
    </td>
    <td>${cardOf(account.ledger, customer)}</td>
    <td>
      <div class="row">${!isOver(subscription) && runningActs(account, subscription)} ${paidActs(account, lastPayment(account, id))}</div>
    </td>
  </tr>`;
}

function runningActs(account: FakeAccount, { id: subscription, customer, cancel_at, pause_collection, status }: FakeSubscription): Markup {
  const good = cardOf(account.ledger, customer) === 'good';
  return html`${act('advance', 'To its renewal', { to: 'renewal', subscription })}
  ${good ? act('card', 'Fail the next payment', { subscription, card: 'declined' }) : act('card', 'Give a good card', { subscription, card: 'good' })}
  ${status === 'past_due' && act('pay-invoice', 'Pay what is owed', { subscription })}
  ${act('subscription', pause_collection ? 'Resume' : 'Pause', { subscription, pause: String(!pause_collection) })}
  ${act('subscription', cancel_at === null ? 'Cancel at the end' : 'Do not cancel', { subscription, cancel_at_period_end: String(cancel_at === null) })}
  ${act('cancel', 'Cancel at once', { subscription })}`;
}

/** What may become of a payment. */
function paidActs(account: FakeAccount, payment_intent: string | null): Markup {
  if (payment_intent === null) return html``;
  const charge = account.charges.get(account.paymentIntents.get(payment_intent)!.latest_charge!)!;
  const dispute = [...account.disputes.values()].find((each) => each.charge === charge.id);
  if (dispute?.status === 'needs_response') {
    return html`${act('close-dispute', 'Win the dispute', { dispute: dispute.id, outcome: 'won' })}
    ${act('close-dispute', 'Lose the dispute', { dispute: dispute.id, outcome: 'lost' })}`;
  }
  if (dispute) return html`<span class="tag">dispute ${dispute.status}</span>`;
  if (charge.refunded) return html`<span class="tag">refunded</span>`;
  return html`${act('refund', 'Refund the last payment', { payment_intent })} ${act('dispute', 'Dispute it', { payment_intent })}`;
}

const chargeRow = (account: FakeAccount, charge: FakeCharge): Markup =>
  html`<tr>
    <td>${charge.billing_details.email}<br /><code>${charge.payment_intent}</code></td>
    <td>${money(charge.amount, charge.currency)}</td>
    <td>${dayOf(charge.created)}</td>
    <td><div class="row">${paidActs(account, charge.payment_intent)}</div></td>
  </tr>`;

const eventsPart = (account: FakeAccount): Markup =>
  html`<div class="card scroll">
    <h2>Events, the newest 60 of ${account.events.length}</h2>
    <table>
      ${account.events
        .slice(-60)
        .reverse()
        .map((event) => eventRow(account, event))}
    </table>
  </div>`;

function eventRow(account: FakeAccount, event: FakeEvent): Markup {
  const ways = deliveriesOf(account, event).map(({ status, tries, problem }) =>
    problem === null && status !== null
      ? html`<span class="tag good">${status}</span> `
      : html`<span class="tag bad">${problem ?? 'on its way'}, ${tries} tries</span> `,
  );
  return html`<tr>
    <td>${moment(event.created)}</td>
    <td>${event.type}</td>
    <td><code>${event.data.object.id}</code></td>
    <td>${ways.length > 0 ? ways : html`<span class="tag">not sent</span>`}</td>
    <td><div class="row">${act('send', 'Send again', { event: event.id })}</div></td>
  </tr>`;
}
