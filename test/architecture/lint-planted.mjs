// Reads { path: source } from stdin and answers { path: [rule, …] }, without the rules that need types.
import { text } from 'node:stream/consumers';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

const watched = ['no-restricted-syntax', 'no-restricted-imports', 'no-restricted-properties', 'no-restricted-globals'];
const eslint = new ESLint({
  overrideConfig: tseslint.configs.disableTypeChecked,
  ruleFilter: ({ ruleId }) => watched.includes(ruleId),
});

const caught = {};
for (const [filePath, source] of Object.entries(JSON.parse(await text(process.stdin)))) {
  const results = await eslint.lintText(source, { filePath });
  caught[filePath] = results.flatMap(({ messages }) => messages.map(({ ruleId, message }) => ruleId ?? message));
}
process.stdout.write(JSON.stringify(caught));
