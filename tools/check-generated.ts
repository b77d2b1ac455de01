/** Checks that the committed generated files are current. */
import { readFileSync } from 'node:fs';
import { generatedFiles } from './generated.js';

for (const { path, content } of generatedFiles) {
  if (readFileSync(path, 'utf8') === content) continue;
  console.error(`${path} is outdated. Run \`npm run build\` and commit the file.`);
  process.exitCode = 1;
}
