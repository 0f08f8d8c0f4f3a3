import { type IQueryHandler, QueryHandler } from '@nestjs/cqrs';
import { isAllBrands } from '../../../libs/kernel/brand-id';
import { type Page, pageOf } from '../../../libs/kernel/page';
import { Database } from '../../../libs/persistence/database';
import { type AuditEntry, type AuditFilter, ListAuditLogs } from '../use-cases/list-audit-logs';

/** What each filter asks of a row. */
const conditions: Record<keyof AuditFilter, string> = {
  actor: 'l.actor = ?',
  action: 'l.action = ?',
  target: 'l.target = ?',
  outcome: 'l.outcome = ?',
  since: 'l.occurred_at >= ?',
  until: 'l.occurred_at < ?',
};

@QueryHandler(ListAuditLogs)
export class PostgresListAuditLogs implements IQueryHandler<ListAuditLogs> {
  constructor(private readonly db: Database) {}

  async execute({ reach, filter, cut }: ListAuditLogs): Promise<Page<AuditEntry>> {
    const parameters: unknown[] = [];
    const where: string[] = [];
    const ask = (condition: string, value: unknown) => where.push(condition.replace('?', `$${parameters.push(value)}`));
    const { action, ...others } = filter;
    if (!isAllBrands(reach)) ask('l.brand_id = ?', reach);
    if (cut.after !== null) ask('l.id < ?', cut.after);
    if (action?.endsWith('.*')) ask('starts_with(l.action, ?)', action.slice(0, -1));
    else if (action !== undefined) ask(conditions.action, action);
    for (const [name, value] of Object.entries(others)) if (value !== undefined) ask(conditions[name as keyof AuditFilter], value);

    const rows = await this.db.read<AuditEntry>(
      reach,
      `select l.id, l.brand_id as "brandId", l.actor, l.action, l.target, l.outcome, l.code, l.before, l.after,
              l.request_id as "requestId", l.ip, l.occurred_at as "occurredAt", s.sequence is not null as "isSealed"
         from audit_logs l left join audit_seals s on s.brand_id = l.brand_id and s.audit_log_id = l.id
        where ${['true', ...where].join(' and ')} order by l.id desc limit $${parameters.push(cut.limit + 1)}`,
      parameters,
    );
    return pageOf(rows, cut);
  }
}
