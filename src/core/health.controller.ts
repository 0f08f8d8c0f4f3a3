import { Controller, Get, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { OnPrivatePort } from '../../libs/http/access';
import { type Readiness, ReadinessCheck } from './readiness';
import type { CacheHealth } from './redis';

class HealthObject {
  @ApiProperty({ type: 'string', example: 'ok', description: '`ok`, `down`, `degraded`, or `off` for what is not in use' })
  status!: CacheHealth | 'down';
}

class ReadinessObject implements Readiness {
  @ApiProperty({ enum: ['ready', 'unready'], example: 'ready' })
  status!: 'ready' | 'unready';
  @ApiProperty({ enum: ['ok', 'down'], example: 'ok' })
  database!: 'ok' | 'down';
  @ApiProperty({ enum: ['ok', 'pending', 'unknown'], example: 'ok' })
  migrations!: 'ok' | 'pending' | 'unknown';
  @ApiProperty({ enum: ['ok', 'degraded', 'off'], example: 'off' })
  cache!: CacheHealth;
  @ApiProperty({ type: 'boolean', example: false })
  stopping!: boolean;
}

@ApiTags('Health')
@Controller()
export class HealthController {
  constructor(private readonly readiness: ReadinessCheck) {}

  @Get('health')
  @OnPrivatePort()
  @ApiOperation({ summary: 'Alive?', operationId: 'health', description: 'Needs nothing but the process.' })
  @ApiOkResponse({ type: HealthObject })
  alive(): HealthObject {
    return { status: 'ok' };
  }

  @Get('health/db')
  @OnPrivatePort()
  @ApiOperation({ summary: 'Database reachable?', operationId: 'healthDatabase' })
  @ApiOkResponse({ type: HealthObject })
  @ApiServiceUnavailableResponse({ type: HealthObject, description: 'It is not' })
  async database(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthObject> {
    const status = await this.readiness.database();
    void reply.status(status === 'ok' ? 200 : 503);
    return { status };
  }

  @Get('health/cache')
  @OnPrivatePort()
  @ApiOperation({
    summary: 'Redis reachable?',
    operationId: 'healthCache',
    description: 'Degraded is no failure: Redis is never needed for a right answer.',
  })
  @ApiOkResponse({ type: HealthObject })
  async cache(): Promise<HealthObject> {
    return { status: await this.readiness.cache() };
  }

  @Get('ready')
  @OnPrivatePort()
  @ApiOperation({
    summary: 'Ready for requests?',
    operationId: 'ready',
    description: 'Ready: the database is reachable and migrated, and the service is not stopping.',
  })
  @ApiOkResponse({ type: ReadinessObject })
  @ApiServiceUnavailableResponse({ type: ReadinessObject, description: 'Not now' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessObject> {
    const readiness = await this.readiness.ask();
    void reply.status(readiness.status === 'ready' ? 200 : 503);
    return readiness;
  }
}
