import type { Ledger } from '../life/ledger';
import { dayOf, html, type Markup, money } from './markup';
import type { FakeCustomer, FakeInvoice, FakePortalSession, FakeSubscription } from '../objects/objects';
import { isOver, periodOf } from '../life/subscriptions';

/** What a customer sees of his subscriptions, and may do with them. */
export function portalPage(ledger: Ledger, portal: FakePortalSession, notice: string | null): Markup {
  const customer = ledger.get(ledger.customers, portal.customer);
  const own = [...ledger.subscriptions.values()].filter((each) => each.customer === customer.id).reverse();
  const invoices = [...ledger.invoices.values()].filter((each) => each.customer === customer.id).reverse();
  return html`${portal.return_url !== null && html`<p><a href="${portal.return_url}">← Back to the shop</a></p>`}
    <h1>${customer.name ?? customer.email ?? customer.id}</h1>
    ${notice !== null && html`<p class="notice">${notice}</p>`}
    ${own.length === 0 && html`<div class="card">There are no subscriptions.</div>`}
    ${own.map((subscription) => subscriptionCard(portal, subscription))} ${cardCard(ledger, portal, customer)}
    ${invoices.length > 0 && invoiceCard(portal, invoices)}`;
}

const act = (portal: FakePortalSession, action: string, label: string, fields: Markup = html``): Markup =>
  html`<form class="row" method="post" action="/portal/${portal.id}">
    ${fields}<button name="action" value="${action}">${label}</button>
  </form>`;

function subscriptionCard(portal: FakePortalSession, subscription: FakeSubscription): Markup {
  const { id, cancel_at: end } = subscription;
  const item = subscription.items.data[0]!;
  const name = html`<input type="hidden" name="subscription" value="${id}" />`;
  const quantity = html`${name}<input
      class="small"
      type="number"
      min="1"
      name="quantity"
      value="${item.quantity}"
      aria-label="Quantity"
    />`;
  const when = end === null ? `Renews on ${dayOf(periodOf(subscription).end)}` : `Ends on ${dayOf(end)}`;
  return html`<div class="card">
    <h2>${item.price.nickname ?? item.price.product} <span class="tag">${subscription.status}</span></h2>
    <p>${item.quantity} × ${money(item.price.unit_amount, item.price.currency)} / ${item.price.recurring?.interval}</p>
    <p class="soft">${isOver(subscription) ? `Ended on ${dayOf(subscription.ended_at ?? 0)}` : when}</p>
    ${
      !isOver(subscription) &&
      html`<div class="row">
        ${end === null ? act(portal, 'cancel_at_period_end', 'Cancel at the end of the period', name) : act(portal, 'resume', 'Do not cancel', name)}
        ${act(portal, 'cancel_now', 'Cancel at once', name)} ${act(portal, 'quantity', 'Change the quantity', quantity)}
      </div>`
    }
  </div>`;
}

const cardNames = { good: 'is good', declined: 'is declined', needs_action: 'asks the bank' } as const;

function cardCard(ledger: Ledger, portal: FakePortalSession, { id }: FakeCustomer): Markup {
  const card = ledger.cards.get(id) ?? 'good';
  const others = (['good', 'declined', 'needs_action'] as const).filter((each) => each !== card);
  return html`<div class="card">
    <h2>Card</h2>
    <p>The card on file ${cardNames[card]}.</p>
    <div class="row">${others.map((each) => act(portal, `card_${each}`, `Use one that ${cardNames[each]}`))}</div>
  </div>`;
}

const invoiceCard = (portal: FakePortalSession, invoices: readonly FakeInvoice[]): Markup =>
  html`<div class="card scroll">
    <h2>Invoices</h2>
    <table>
      ${invoices.slice(0, 24).map(
        (invoice) =>
          html`<tr>
            <td>${dayOf(invoice.created)}</td>
            <td><a href="/invoices/${invoice.id}">${invoice.number ?? 'draft'}</a></td>
            <td>${money(invoice.total, invoice.currency)}</td>
            <td>${invoice.status}</td>
            <td>
              ${invoice.status === 'open' && act(portal, 'pay', 'Pay with a good card', html`<input type="hidden" name="invoice" value="${invoice.id}" />`)}
            </td>
          </tr>`,
      )}
    </table>
  </div>`;

/** One invoice, as its customer sees it. */
export const invoicePage = (invoice: FakeInvoice): Markup =>
  html`<div class="card scroll">
    <h1>Invoice ${invoice.number ?? '(draft)'}</h1>
    <p>${invoice.customer_email} · ${dayOf(invoice.created)} · <span class="tag">${invoice.status}</span></p>
    <table>
      <tr>
        <th>What</th>
        <th>Period</th>
        <th>Amount</th>
      </tr>
      ${invoice.lines.data.map(
        ({ description, period, amount, currency }) =>
          html`<tr>
            <td>${description}</td>
            <td>${dayOf(period.start)} to ${dayOf(period.end)}</td>
            <td>${money(amount, currency)}</td>
          </tr>`,
      )}
      <tr>
        <td><b>To pay</b></td>
        <td></td>
        <td><b>${money(invoice.amount_due, invoice.currency)}</b></td>
      </tr>
    </table>
  </div>`;
