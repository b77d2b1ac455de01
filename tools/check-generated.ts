/** Says whether the committed files that are made from the code are current. */
import { readFileSync } from 'node:fs';
import { generatedFiles } from './generated.js';

for (const { path, content } of generatedFiles) {
  if (readFileSync(path, 'utf8') === content) continue;
  console.error(`${path} is not current: run \`npm run build\` and commit it.`);
  process.exitCode = 1;
}
