import { readGiven } from './given.js';
import { parseTable } from './parse.js';
import { invalidSettings } from './secrets.js';
import { type Environment, type Given, spellingsOf } from './setting.js';
import { profileTable } from './table.js';

/** An Aplos account in the settings, without its password. */
export interface ProfileSummary {
  readonly name: string;
  readonly userName?: string;
  readonly apiUrl: string;
  readonly apiVersion: string;
  /** Where the password comes from: the path of a file, `a command`, or `environment`. Absent if it is not set. */
  readonly password?: string;
  /** `environment`, or the path of the settings file. */
  readonly from: string;
}

/**
 * Returns the Aplos accounts in the settings. Reads no password, and runs no command.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function profileSummaries(environment: Environment): ProfileSummary[] {
  const summaries: ProfileSummary[] = [];
  const problems: string[] = [];
  for (const [name, given] of readGiven(environment).profiles) {
    const { values, problems: found } = parseTable(profileTable, given);
    problems.push(...found);
    const {
      userName,
      apiUrl = profileTable.apiUrl.default,
      apiVersion = profileTable.apiVersion.default,
    } = values;
    const password = passwordSource(given);
    const [first] = given.values();
    summaries.push({
      name,
      ...(userName === undefined ? {} : { userName }),
      apiUrl,
      apiVersion,
      ...(password === undefined ? {} : { password }),
      from: first?.origin ?? 'environment',
    });
  }
  if (problems.length > 0) throw invalidSettings(`Invalid settings: ${problems.join('; ')}`);
  return summaries;
}

function passwordSource(given: Given): string | undefined {
  const spelling = spellingsOf(profileTable.password).find(({ variable }) => given.has(variable));
  const value = spelling && given.get(spelling.variable);
  if (!value) return undefined;
  return { value: 'environment', file: value.text, command: 'a command' }[spelling.source];
}
