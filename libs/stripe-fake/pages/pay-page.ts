import type { Ledger } from '../life/ledger';
import { dayOf, html, type Markup, money } from './markup';
import type { FakeLineItem, FakeSession } from '../objects/objects';
import { day } from '../life/timeline';

/** The hosted page of a checkout. */
export function payPage(ledger: Ledger, session: FakeSession, notice: string | null): Markup {
  if (session.status !== 'open') return closedPage(session);
  const { lines, trialDays } = ledger.checkouts.get(session.id)!;
  const known = session.customer === null ? null : (ledger.customers.get(session.customer)?.email ?? null);
  const email = session.customer_email ?? known;
  return html`<p><a href="${session.cancel_url ?? '/'}">← Back</a></p>
    <div class="card">
      <p class="soft">${session.mode === 'subscription' ? 'Subscribe' : 'Pay'}</p>
      <p class="big">${money(session.amount_total, session.currency)}</p>
      ${trialDays > 0 && html`<p>Free until ${dayOf(ledger.now() + trialDays * day)}, then the price below.</p>`}
      <form method="post" action="/pay/${session.id}">
        <table>
          <tr>
            <th>Plan</th>
            <th>Price</th>
            <th>Quantity</th>
          </tr>
          ${lines.map(lineRow)}
        </table>
        ${notice !== null && html`<p class="notice">${notice}</p>`}
        <label for="email">E-mail</label>
        <input id="email" name="email" type="email" required value="${email ?? ''}" ${email !== null && html`readonly`} />
        <label for="name">Name on the card</label>
        <input id="name" name="name" autocomplete="off" />
        <button class="main" name="card" value="good">
          ${trialDays > 0 ? 'Start the trial' : `Pay ${money(session.amount_total, session.currency)}`}
        </button>
        <button name="card" value="declined">Pay with a card that is declined</button>
        <button name="card" value="needs_action">Pay with a card whose bank asks at every renewal</button>
        <button name="card" value="cancel" formnovalidate>Cancel</button>
      </form>
    </div>`;
}

const lineRow = (line: FakeLineItem, at: number): Markup => {
  const { price, quantity, adjustable_quantity: adjustable } = line;
  const rhythm = price.recurring ? ` / ${price.recurring.interval}` : '';
  const field =
    adjustable &&
    html`<input
      class="small"
      type="number"
      name="quantity_${at}"
      value="${quantity}"
      min="${adjustable.minimum}"
      max="${adjustable.maximum}"
    />`;
  return html`<tr>
    <td>${line.description}</td>
    <td>${money(price.unit_amount, price.currency)}${rhythm}</td>
    <td>${field ?? quantity}</td>
  </tr>`;
};

const closedPage = (session: FakeSession): Markup =>
  session.status === 'complete'
    ? html`<div class="card">
        <h1>This is paid</h1>
        <p><a href="${returnAddress(session)}">Back to the shop</a></p>
      </div>`
    : html`<div class="card">
        <h1>This checkout has expired</h1>
        <p><a href="${session.cancel_url ?? '/'}">Back</a></p>
      </div>`;

/** Somewhere to return to, for whoever has no shop yet. */
export const thanksPage = html`<div class="card">
  <h1>Thank you</h1>
  <p>It is paid, as far as this fake is concerned.</p>
  <p><a href="/">To the dashboard</a></p>
</div>`;

/** Where the buyer goes afterwards, with the name of his session in it. */
export const returnAddress = ({ success_url, id }: FakeSession): string => success_url!.replaceAll('{CHECKOUT_SESSION_ID}', id);
