/** `tsx tools/make-samples.ts`: generates samples/. The result is always the same. */
import { mkdir, writeFile } from 'node:fs/promises';
import { samples } from './samples.js';

const folder = new URL('../samples/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, text] of samples()) await writeFile(new URL(name, folder), text);
