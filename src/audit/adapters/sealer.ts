import { Injectable } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { Background } from '../../../libs/messaging/background';
import { SealAuditLogs } from '../use-cases/seal-audit-logs';

/** Seals what was written within seconds. */
@Injectable()
export class Sealer {
  constructor(background: Background, commands: CommandBus) {
    background.add('audit sealer', 2_000, () => commands.execute(new SealAuditLogs()));
  }
}
