import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import type { BrandId } from '../../../libs/kernel/brand-id';
import { Clock } from '../../../libs/kernel/clock';
import { publicId } from '../../../libs/kernel/id';
import { UnitOfWork } from '../../../libs/kernel/unit-of-work';
import { allBrands } from '../../identity';
import { genesis, type Head, hashOf, type Link, type Signed, statementOf } from '../domain/audit-chain';
import { HeadForged } from '../domain/report';
import { AuditChain } from '../ports/audit-chain';
import { Signatures } from '../ports/signatures';

const brandsAtOnce = 100;
const rowsAtOnce = 200;

/**
 * Chains rows that wait for it to those before them, and signs where the chains end: of some brands, and the next time of those behind
 * them. Answers whether more rows wait.
 */
export class SealAuditLogs extends Command<boolean> {}

@CommandHandler(SealAuditLogs)
export class SealAuditLogsHandler implements ICommandHandler<SealAuditLogs> {
  /** Behind which brand to go on, and whether one before it has more; a round ends where no brand is left. */
  private round: { readonly last: BrandId | null; readonly more: boolean } = { last: null, more: false };

  constructor(
    private readonly work: UnitOfWork,
    private readonly chain: AuditChain,
    private readonly signatures: Signatures,
    private readonly clock: Clock,
  ) {}

  async execute(): Promise<boolean> {
    const { last } = this.round;
    const brands = await this.work.run(allBrands, () => this.chain.brandsWaiting(last, brandsAtOnce));
    const failures: unknown[] = [];
    let { more } = this.round;
    for (const brandId of brands) {
      try {
        more = (await this.work.run(brandId, () => this.seal(brandId))) || more;
      } catch (error) {
        // A log that somebody tampered with holds up no other.
        failures.push(error);
      }
    }
    const goesOn = brands.length === brandsAtOnce;
    this.round = goesOn ? { last: brands.at(-1)!, more } : { last: null, more: false };
    if (failures.length > 0) throw failures[0];
    return goesOn || more;
  }

  /** Any number of instances may try; whoever holds the head goes on from it. */
  private async seal(brandId: BrandId): Promise<boolean> {
    const brand = publicId('brand', brandId);
    const head = await this.chain.hold(brandId, this.signedHead(brand, { sequence: 0, hash: genesis }));
    if (!head) return false;
    if (!this.signatures.verify(statementOf('head', brand, head), head.keyVersion, head.signature)) throw new HeadForged(brand);

    const rows = await this.chain.unsealed(brandId, rowsAtOnce);
    if (rows.length === 0) return false;
    let link: Link = head;
    const seals = rows.map((row) => {
      link = { sequence: link.sequence + 1, hash: hashOf(link.hash, row) };
      return { id: row.id, ...this.signed('row', brand, link) };
    });
    await this.chain.append(brandId, seals, this.signedHead(brand, link));
    return rows.length === rowsAtOnce;
  }

  private signedHead(brand: string, link: Link): Head {
    return { ...this.signed('head', brand, link), signedAt: this.clock.now() };
  }

  private signed(kind: 'head' | 'row', brand: string, { sequence, hash }: Link): Signed {
    const { version, signature } = this.signatures.sign(statementOf(kind, brand, { sequence, hash }));
    return { sequence, hash, signature, keyVersion: version };
  }
}
