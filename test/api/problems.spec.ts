import { startTestService, type TestService } from '../../libs/testing/service';
import { statusOf } from '../../libs/http/problem';
import { allRefusals } from '../../libs/kernel/domain-error';
import '../../src/app.module';
import { documented, examples, expectProblem } from './contract';

const registry = allRefusals();

describe('Problems', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });
  afterAll(() => service.stop());

  it('are all listed on one page, with a link to each', async () => {
    const { status, headers, text } = await service.call({ path: '/problems' });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const { code } of registry) expect(text).toContain(`href="/problems/${code}"`);
  });

  it.each(registry.map((refusal) => [refusal.code, refusal] as const))('have a page each: %s', async (code, { kind, title }) => {
    const { status, headers, text } = await service.call({ path: `/problems/${code}` });
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    for (const part of [`<code>${code}</code>`, title, String(statusOf[kind])]) expect(text).toContain(part);
  });

  it.each(['nothing', 'internal_error%2f..', '__proto__', 'constructor', '%3Cscript%3E'])('have no page for %s', async (code) => {
    expectProblem(await service.call({ path: `/problems/${code}` }), 404, 'route_not_found');
  });

  it('are all in the OpenAPI document, each with an example that is one', () => {
    expect(Object.keys(examples).sort()).toEqual(registry.map(({ code }) => code).sort());
    for (const { code, kind } of registry)
      expect(examples[code]!.value).toMatchObject({ type: `/problems/${code}`, code, status: statusOf[kind], title: expect.any(String) });
  });

  it('are documented where they happen: each belongs to an operation', () => {
    const said = new Set([...documented.values()].flatMap(({ responses }) => Object.values(responses).flatMap(codesOf)));
    expect(registry.map(({ code }) => code).filter((code) => !said.has(code))).toEqual([]);
  });
});

const codesOf = ({ content = {} }: { content?: Record<string, { examples?: object }> }): string[] =>
  Object.keys(content['application/problem+json']?.examples ?? {});
