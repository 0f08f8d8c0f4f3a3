import type { BrandId } from '../../../libs/kernel/brand-id';
import { type Drift, oneOfEachCause } from '../domain/drift';
import { Drifts } from '../ports/drifts';
import type { DriftEntry } from '../use-cases/list-drift';

export class MemoryDrifts implements Drifts {
  rows: DriftEntry[] = [];

  async seen(brandId: BrandId, subject: string, drifts: readonly Drift[], at: Date): Promise<void> {
    const isOfThis = (row: DriftEntry) => row.brandId === brandId && row.subject === subject;
    const before = this.rows.filter(isOfThis);
    const now = oneOfEachCause(drifts).map(({ cause, detail }) => {
      const firstSeenAt = before.find((row) => row.cause === cause)?.firstSeenAt ?? at;
      return { brandId, subject, cause, detail, firstSeenAt, lastSeenAt: at };
    });
    this.rows = [...this.rows.filter((row) => !isOfThis(row)), ...now];
  }

  async subjects(brandId: BrandId): Promise<string[]> {
    return [...new Set(this.rows.filter((row) => row.brandId === brandId).map(({ subject }) => subject))].sort();
  }
}
