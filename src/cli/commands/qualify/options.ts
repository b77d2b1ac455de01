import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TextRule } from '../../../qualification/text-rules.js';

/** Options of `aplos-upload qualify`. */
export interface QualifyOptions {
  readonly out: string;
  /** Percentage, as a decimal number. */
  readonly tolerance: string;
  readonly text: TextRule;
  readonly key?: readonly string[];
  readonly ignore?: readonly string[];
  readonly again?: string;
  readonly profile: string;
  readonly host?: string;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** Returns the URL of the folder with the packages. */
export const packagesUrl = (folder: string): string => pathToFileURL(resolve(folder, 'packages')).href;
