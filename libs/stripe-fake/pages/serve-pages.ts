import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { FakeAccount } from '../account';
import { ApiError } from '../objects/api-error';
import { dashboardPage } from './dashboard-page';
import { acts, ownerOf, type Playground, stateOf } from './desk';
import { html, type Markup, pageOf } from './markup';
import type { FakeSession } from '../objects/objects';
import { Params, parseForm } from '../api/params';
import { payPage, returnAddress, thanksPage } from './pay-page';
import { portalAct } from './portal-acts';
import { invoicePage, portalPage } from './portal-page';
import { adjustCheckout } from '../life/checkout';

type Named = { Params: { id: string }; Querystring: { notice?: string } };

/** The hosted pages of Stripe, and the desk of whoever plays with it. */
export function servePages(server: FastifyInstance, play: Playground & { readonly url: string }): void {
  server.get<Named>('/', (request, reply) => show(reply, 'Fake Stripe', dashboardPage(play, play.url, request.query.notice ?? null), true));
  server.get('/fake/state', () => stateOf(play));
  for (const [name, act] of Object.entries(acts)) {
    server.post(`/fake/${name}`, (request, reply) => perform(request, reply, () => act(play, paramsOf(request))));
  }
  server.get<Named>('/pay/:id', (request, reply) =>
    visible(reply, () => {
      const { ledger } = ownerOf(play, 'sessions', request.params.id);
      return payPage(ledger, ledger.get(ledger.sessions, request.params.id), request.query.notice ?? null);
    }),
  );
  server.post<Named>('/pay/:id', (request, reply) => pay(play, request, reply));
  server.get<Named>('/portal/:id', (request, reply) =>
    visible(reply, () => {
      const { ledger } = portalOwner(play, request.params.id);
      return portalPage(ledger, ledger.get(ledger.portalSessions, request.params.id), request.query.notice ?? null);
    }),
  );
  server.post<Named>('/portal/:id', async (request, reply) => {
    const notice = await saying(() => portalAct(portalOwner(play, request.params.id), request.params.id, paramsOf(request)));
    return back(reply, `/portal/${request.params.id}`, notice);
  });
  server.get('/thanks', (_request, reply) => show(reply, 'Thank you', thanksPage));
  server.get<Named>('/invoices/:id', (request, reply) =>
    visible(reply, () => invoicePage(ownerOf(play, 'invoices', request.params.id).invoices.get(request.params.id)!)),
  );
}

function portalOwner(play: Playground, id: string): FakeAccount {
  const owner = play.everyAccount.find(({ ledger }) => ledger.portalSessions.has(id));
  if (!owner) throw new ApiError(404, `There is no '${id}' in any account.`);
  return owner;
}

const paramsOf = ({ body }: FastifyRequest): Params => {
  if (typeof body === 'string') return new Params(parseForm(body));
  const fields = Object.entries((body ?? {}) as Record<string, unknown>).map(([name, value]) => [name, String(value)]);
  return new Params(Object.fromEntries(fields) as Record<string, string>);
};

/** A browser goes back to the desk, a program gets the object. */
async function perform(request: FastifyRequest, reply: FastifyReply, act: () => Promise<object>): Promise<FastifyReply> {
  const browser = (request.headers.accept ?? '').includes('text/html');
  try {
    const done = await act();
    return browser ? back(reply, '/', null) : reply.send(done);
  } catch (error) {
    const problem = asProblem(error);
    return browser ? back(reply, '/', problem.message) : reply.status(problem.status).send(problem.body);
  }
}

async function pay(play: Playground, request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> {
  const { id } = request.params;
  const params = paramsOf(request);
  let session: FakeSession | null = null;
  const notice = await saying(async () => {
    const account = ownerOf(play, 'sessions', id);
    session = account.ledger.get(account.ledger.sessions, id);
    if (params.text('card') === 'cancel') return null;
    adjustCheckout(account.ledger, session, quantitiesOf(params));
    await acts.pay!(play, new Params({ ...params.values, session: id }));
    return session.status === 'open' ? 'The card was declined. Try another one.' : null;
  });
  if (notice !== null || session === null) return back(reply, `/pay/${id}`, notice);
  const { status, cancel_url } = session as FakeSession;
  return reply.redirect(status === 'complete' ? returnAddress(session) : (cancel_url ?? '/'), 303);
}

/** The quantities that the buyer has set, by the number of the line. */
const quantitiesOf = (params: Params): Map<number, number> => {
  const names = Object.keys(params.values).filter((name) => name.startsWith('quantity_'));
  return new Map(names.map((name) => [Number(name.slice('quantity_'.length)), params.integer(name) ?? 1]));
};

const asProblem = (error: unknown): ApiError => (error instanceof ApiError ? error : new ApiError(400, (error as Error).message));

/** What to tell the person, if it did not work. */
async function saying(act: () => Promise<string | null>): Promise<string | null> {
  try {
    return await act();
  } catch (error) {
    return asProblem(error).message;
  }
}

function visible(reply: FastifyReply, body: () => Markup): FastifyReply {
  try {
    return show(reply, 'Fake Stripe', body());
  } catch (error) {
    const { status, message } = asProblem(error);
    return show(
      reply.status(status),
      'Fake Stripe',
      html`<div class="card">
        <h1>Not found</h1>
        <p>${message}</p>
      </div>`,
    );
  }
}

const show = (reply: FastifyReply, title: string, body: Markup, wide = false): FastifyReply =>
  reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    .header('cache-control', 'no-store')
    .send(pageOf(title, body, wide));

const back = (reply: FastifyReply, path: string, notice: string | null): FastifyReply =>
  reply.redirect(notice === null ? path : `${path}?notice=${encodeURIComponent(notice)}`, 303);
