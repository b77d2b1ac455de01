/** `tsx tools/write-examples.ts PAGE FOLDER`: writes the examples on a page of docs/ into a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examplesOn } from '../test/support/examples.js';

const [page = '', folder = ''] = process.argv.slice(2);
for (const [name, text] of examplesOn(page)) writeFileSync(join(folder, name), text);
