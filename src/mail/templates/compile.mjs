// Makes the pages of mails, a part of the build: dist/mail-templates/<template>.html, and <template>.plain.html without the button.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import mjml from 'mjml';

const source = import.meta.dirname;
const target = join(source, '../../../dist/mail-templates');

/** MJML wants to see colours; these two stand for those of the brand. */
const colours = { '#c010e1': '{{colour}}', '#c010e2': '{{ink}}' };
const button = '<mj-include path="./parts/button.mjml" />';

async function compile(file, text) {
  const options = { filePath: join(source, file), ignoreIncludes: false, validationLevel: 'strict', keepComments: true };
  const { html } = await mjml(text, options);
  return Object.entries(colours).reduce((page, [colour, blank]) => page.replaceAll(colour, blank), html);
}

mkdirSync(target, { recursive: true });
for (const file of readdirSync(source).filter((name) => name.endsWith('.mjml'))) {
  const text = readFileSync(join(source, file), 'utf8');
  if (!text.includes(button)) throw new Error(`${file} has no place for a button`);
  const name = join(target, basename(file, '.mjml'));
  writeFileSync(`${name}.html`, await compile(file, text));
  writeFileSync(`${name}.plain.html`, await compile(file, text.replace(button, '')));
}
