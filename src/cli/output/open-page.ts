import { UploadError } from '../../contract/errors.js';
import { BadInputError } from './errors.js';
import { print } from './terminal.js';

/**
 * Prints the URL of a page, and opens it in the browser of this machine, if there is one.
 *
 * @throws UploadError `SETTINGS_INVALID` if the URL of the Temporal UI is unknown
 */
export async function openPage(url: string | undefined): Promise<void> {
  if (url === undefined)
    throw new UploadError('SETTINGS_INVALID', 'The URL of the Temporal UI is not known', {
      action:
        'Set APLOS_UPLOAD_UI_URL to the URL that the browser shows, such as https://temporal.example.com.',
    });
  print(url);
  if (!hasBrowser()) return;
  const { default: open } = await import('open');
  const browser = await open(url);
  browser.once('error', () => {}); // the URL was printed
  browser.unref();
}

/** Reports whether a browser can be expected. Without a display, Linux would open one in this terminal, or fail. */
const hasBrowser = (environment: NodeJS.ProcessEnv = process.env): boolean =>
  process.platform !== 'linux' ||
  Boolean(
    environment.DISPLAY || environment.WAYLAND_DISPLAY || environment.BROWSER || environment.WSL_DISTRO_NAME,
  );

/** @throws BadInputError if `--web` is combined with an option that prints something else */
export function assertOnlyWeb(options: Readonly<Record<string, unknown>>): void {
  const others = ['watch', 'json', 'each'].filter((name) => options[name]);
  if (others.length > 0)
    throw new BadInputError([`--web cannot be combined with --${others[0]}. Use one of them.`]);
}
