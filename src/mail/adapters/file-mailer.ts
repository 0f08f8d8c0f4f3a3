import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { createTransport } from 'nodemailer';
import type { Letter } from '../domain/letter';
import type { Outcome } from '../domain/mail';
import { Mailer } from '../ports/mailer';
import { messageOf } from './message-of';

/** A folder, in which each mail becomes a file that any mail program opens. */
export class FileMailer implements Mailer {
  readonly isThere = true;
  private readonly logger = new Logger(FileMailer.name);
  private readonly composer = createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'windows',
    disableFileAccess: true,
    disableUrlAccess: true,
  });

  constructor(private readonly folder: string) {}

  async send(letter: Letter, _signal: AbortSignal): Promise<Outcome> {
    const file = join(this.folder, `${letter.id}.eml`);
    try {
      const { message } = await this.composer.sendMail(messageOf(letter));
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      // Nobody sees half a mail; the same name again is the same mail.
      const half = `${file}.${process.pid}.tmp`;
      await writeFile(half, message as Buffer, { mode: 0o600 });
      await rename(half, file);
    } catch (error) {
      return { kind: 'deferred', error: `the file could not be written (${(error as NodeJS.ErrnoException).code ?? 'failed'})` };
    }
    this.logger.log(`A mail lies at ${file}`);
    return { kind: 'accepted' };
  }
}
