import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OnPrivatePort } from '../../libs/http/access';
import { RouteNotFound } from '../../libs/http/refusals';
import { PrivatePort } from '../../libs/http/server';
import { Metrics } from '../../libs/telemetry/metrics';

@ApiTags('Health')
@Controller()
export class MetricsController {
  constructor(
    private readonly metrics: Metrics,
    private readonly port: PrivatePort,
  ) {}

  @Get('metrics')
  @OnPrivatePort()
  @ApiOperation({
    summary: 'Numbers for Prometheus',
    operationId: 'metrics',
    description: 'The text format, version 0.0.4. In production on the private port or not at all: how much we sell is nobody’s business.',
  })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string', example: 'latchkey_database_up 1\n' } } } })
  async scrape(@Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    if (this.port.isNeeded && !this.port.isSet) throw new RouteNotFound();
    void reply.header('content-type', Metrics.contentType);
    return this.metrics.scrape();
  }
}
