import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { MailTemplate } from '../domain/mail';
import { wordsOf } from '../domain/words';
import { MailPages } from '../ports/mail-pages';

/** The build did not make the pages, or they were not shipped. */
export class MissingPages extends Error {
  constructor(name: string) {
    super(`The layout of mails ${name} is missing. The build makes it: npm run build.`);
  }
}

/** A page asks for something that nobody fills in. */
export class MissingBlank extends Error {
  constructor(page: string, blank: string) {
    super(`The layout of mails ${page} asks for {{${blank}}}, which is not there.`);
  }
}

/** Beside the program, whether it runs as it was built or from its source. */
const folders = ['../../../mail-templates', '../../../dist/mail-templates'].map((path) => join(__dirname, path));

/** Pages that were compiled from MJML, as files. They are read once. */
@Injectable()
export class CompiledMailPages implements MailPages, OnModuleInit {
  private readonly logger = new Logger(CompiledMailPages.name);
  private readonly pages = new Map<string, string>();

  /** Said at the start rather than with the first mail, which waits until the pages are there. */
  onModuleInit(): void {
    try {
      for (const template of Object.keys(wordsOf)) for (const variant of variants) this.page(`${template}${variant}`);
    } catch (error) {
      this.logger.error((error as Error).message);
    }
  }

  fill(template: MailTemplate, blanks: Readonly<Record<string, string>>, hasButton: boolean): string {
    const name = `${template}${variants[hasButton ? 0 : 1]}`;
    return this.page(name).replace(/\{\{ ?(\w+) ?\}\}/g, (_, blank: string) => {
      const value = Object.hasOwn(blanks, blank) ? blanks[blank] : undefined;
      if (value === undefined) throw new MissingBlank(name, blank);
      return escaped(value);
    });
  }

  private page(name: string): string {
    const known = this.pages.get(name);
    if (known !== undefined) return known;
    const file = folders.map((folder) => join(folder, `${name}.html`)).find((path) => existsSync(path));
    if (!file) throw new MissingPages(name);
    const page = readFileSync(file, 'utf8');
    this.pages.set(name, page);
    return page;
  }
}

/** With a button, and without. */
const variants = ['', '.plain'] as const;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '\n': '<br>' };

/** Plain text as HTML writes it, in an attribute too; a new line stays one. */
const escaped = (text: string): string => text.replace(/[&<>"'\n]/g, (character) => entities[character]!);
