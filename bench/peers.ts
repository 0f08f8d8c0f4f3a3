import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

/** What a verdict looks like: the peers answer it to everybody, without a thought. */
const verdict = {
  valid: true,
  code: 'valid',
  detail: 'This license is valid.',
  license_key: 'BENCH-…-7K2QF',
  reasons: [],
  licenses: [
    {
      id: 'lic_06efg00000e0082000000000000',
      product_code: 'bench',
      valid: true,
      code: 'valid',
      status: 'valid',
      starts_at: null,
      expires_at: '2027-11-23T12:00:00.000Z',
      grace_until: null,
      entitlements: { updates: true },
      seats: { limit: null, used: 1, remaining: null },
    },
  ],
  activation: null,
  checked_at: '2026-11-23T12:00:00.000Z',
  refresh_after: '2026-11-24T12:00:00.000Z',
};

/** Each reads the JSON that it is sent and answers JSON: the least that any service of its kind does. */
const peers = {
  async http(): Promise<AddressInfo> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        JSON.parse(Buffer.concat(chunks).toString());
        const body = JSON.stringify(verdict);
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return server.address() as AddressInfo;
  },

  async fastify(): Promise<AddressInfo> {
    const app = fastify();
    app.post('/*', () => verdict);
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server.address() as AddressInfo;
  },
};

export type Peer = keyof typeof peers;

/** As its own process: `node dist/bench/peers.js http`. Says where it listens, and ends with whoever started it. */
if (require.main === module) {
  void peers[process.argv[2] as Peer]().then(({ port }) => process.send!(`http://127.0.0.1:${port}/v1/licenses/verify`));
  process.once('disconnect', () => process.exit());
}
