import { profileSummaries } from '../../../settings/profiles.js';
import { out } from '../../output/colors.js';
import { table } from '../../output/table.js';
import { print, printJson } from '../../output/terminal.js';

const HEADINGS = ['PROFILE', 'USER', 'API', 'VERSION', 'PASSWORD', 'FROM'];

/**
 * Prints the Aplos accounts in the settings.
 *
 * @throws UploadError `SETTINGS_INVALID`
 */
export function listProfiles({ json }: { readonly json?: true }): void {
  const profiles = profileSummaries(process.env);
  if (json) {
    for (const profile of profiles) printJson(profile);
    return;
  }
  if (profiles.length === 0) {
    print('No accounts. Only workers need one. To set one up: aplos-upload init');
    return;
  }
  const [heading = '', ...rows] = table([
    HEADINGS,
    ...profiles.map(({ name, userName, apiUrl, apiVersion, password, from }) => [
      out.bold(name),
      userName ?? out.red('not set'),
      apiUrl,
      apiVersion,
      password ?? out.red('not set'),
      from,
    ]),
  ]);
  print(out.dim(heading), ...rows);
}
