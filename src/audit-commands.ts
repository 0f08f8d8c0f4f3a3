import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { QueryBus } from '@nestjs/cqrs';
import { type BrandId, installation } from '../libs/kernel/brand-id';
import { publicId } from '../libs/kernel/id';
import { type BrandReport, ExportAuditLogs, readKeptHeads, VerifyAuditLogs, writtenHead } from './audit';

/** The file for an export is none that we may write. */
export class CannotWrite extends Error {}

/** Checks the audit log, and says of each brand what is wrong with it, if anything is. */
export async function verifyAudit(app: INestApplicationContext, brandId: BrandId | null, keptIn: string | undefined) {
  const kept = keptIn === undefined ? [] : await readKeptHeads(keptIn);
  const say = progress();
  const reports = await app
    .get(QueryBus)
    .execute(new VerifyAuditLogs(brandId, kept, (brand, rows) => say(`${brand}: ${rows} rows checked`)));
  const ok = reports.every(({ finding }) => finding === null);
  return { ok, json: { ok, brands: reports.map(asJson) }, text: reports.map(asText).join('\n') || 'Nothing was ever written.' };
}

/** Writes the sealed log to a file, or to whoever listens. Answers the number of rows. @throws CannotWrite */
export async function exportAudit(app: INestApplicationContext, brandId: BrandId | null, since: Date | null, out: string | undefined) {
  const say = progress();
  let rows = 0;
  async function* lines() {
    for await (const line of await app.get(QueryBus).execute(new ExportAuditLogs(brandId, since))) {
      if ('row' in line && ++rows % 1_000 === 0) say(`${rows} rows written`);
      yield `${JSON.stringify(line)}\n`;
    }
  }
  const target = out === undefined ? process.stdout : (await opened(out)).createWriteStream();
  await pipeline(Readable.from(lines()), target, { end: out !== undefined });
  return rows;
}

const opened = (path: string) =>
  open(path, 'w', 0o600).catch((error: Error) => {
    throw new CannotWrite(`${path} cannot be written: ${error.message}`);
  });

const asJson = ({ brand, rows, head, finding, waiting }: BrandReport) => ({
  brand,
  rows,
  head: head && writtenHead(brand, head),
  finding: finding && { ...finding, id: finding.id && publicId('auditLog', finding.id) },
  waiting: waiting.count,
});

function asText({ brand, rows, finding, waiting }: BrandReport): string {
  const late = waiting.isLate ? `\n  warning: ${waiting.count} rows wait for their seal for more than a minute. Does the service run?` : '';
  if (!finding) return `${nameOf(brand)}: ${rows} rows, untouched${late}`;
  const { tampering, sequence, id, detail } = finding;
  const place = [sequence === null ? '' : `row ${sequence}`, id === null ? '' : publicId('auditLog', id)].filter(Boolean).join(' ');
  return `${nameOf(brand)}: ${tampering.toUpperCase()} at ${place}. ${detail}${late}`;
}

/** What belongs to no brand stands under the nil one. */
const nameOf = (brand: string): string => (brand === publicId('brand', installation) ? 'the installation itself' : brand);

/** Tells people who wait that it goes on: after three seconds, and then every two. */
function progress(): (text: string) => void {
  let next = performance.now() + 3_000;
  return (text) => {
    if (performance.now() < next) return;
    process.stderr.write(`${text}\n`);
    next = performance.now() + 2_000;
  };
}
