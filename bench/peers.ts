import 'reflect-metadata';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Body, Controller, HttpCode, Module, type PipeTransform, Post, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import fastify from 'fastify';
import { RequestValidation } from '../libs/http/validation.pipe';
import { ActivateBody } from '../src/activations/adapters/activations.dto';

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

@Controller('v1/licenses')
class VerdictController {
  @Post('verify')
  @HttpCode(200)
  verify(@Body() _body: object): object {
    return verdict;
  }

  @Post('activate')
  @HttpCode(200)
  activate(@Body() _body: ActivateBody): object {
    return verdict;
  }
}

@Module({ controllers: [VerdictController] })
class VerdictModule {}

async function nest(...pipes: PipeTransform[]): Promise<AddressInfo> {
  const app = await NestFactory.create<NestFastifyApplication>(VerdictModule, new FastifyAdapter(), { logger: false });
  app.useGlobalPipes(...pipes);
  await app.listen(0, '127.0.0.1');
  return app.getHttpAdapter().getInstance().server.address() as AddressInfo;
}

/** The options that the service has, too. */
const stockPipe = () =>
  new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, stopAtFirstError: true });

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

  nest: () => nest(),
  stockPipe: () => nest(stockPipe()),
  ourPipe: () => nest(new RequestValidation()),
};

export type Peer = keyof typeof peers;

/** As its own process; one for all, since never more than one of them is asked. Says where each listens, and ends with whoever started it. */
if (require.main === module) {
  const listening = Object.entries(peers).map(async ([name, listen]) => [name, `http://127.0.0.1:${(await listen()).port}`] as const);
  void Promise.all(listening).then((addresses) => process.send!(Object.fromEntries(addresses)));
  process.once('disconnect', () => process.exit());
}
