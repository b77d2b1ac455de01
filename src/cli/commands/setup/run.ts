import { SEARCH_ATTRIBUTES } from '../../../contract/names.js';
import { loadSettings } from '../../../settings/load.js';
import { connectToNamespace } from '../../../temporal/connect-to-namespace.js';
import { temporalTarget } from '../../../temporal/connection.js';
import { registerSearchAttributes } from '../../../temporal/search-attributes.js';
import { columnsScript, savedViews } from '../../../temporal/ui-views.js';
import { out } from '../../output/colors.js';
import { table } from '../../output/table.js';
import { print, printJson } from '../../output/terminal.js';
import { uiLinks } from '../../output/ui-links.js';

/**
 * Registers the search attributes, and prints links that set up the list in the Temporal UI.
 *
 * @throws UploadError if Temporal cannot be reached, or does not permit it
 */
export async function setUp({ json }: { readonly json?: true }): Promise<void> {
  const settings = loadSettings(process.env, 'client');
  const target = temporalTarget(settings);
  const connection = await connectToNamespace(target);
  try {
    const { namespace } = target;
    const registered = await registerSearchAttributes(connection, namespace);
    const { viewPage } = uiLinks(settings);
    const views = savedViews.flatMap(({ name, query }) => {
      const page = viewPage(name, query);
      return page === undefined ? [] : [{ name, page }];
    });
    if (json) printJson({ namespace, registered, views });
    else print(registeredText(namespace, registered), ...viewLines(namespace, views));
  } finally {
    await connection.close();
  }
}

const registeredText = (namespace: string, registered: readonly string[]): string =>
  registered.length > 0
    ? `${out.green('✓')} Registered in namespace "${namespace}": ${registered.join(', ')}`
    : `${out.green('✓')} Namespace "${namespace}" already has all search attributes: ${Object.keys(SEARCH_ATTRIBUTES).join(', ')}`;

function viewLines(
  namespace: string,
  views: readonly { readonly name: string; readonly page: string }[],
): string[] {
  if (views.length === 0)
    return ['', 'For links to the Temporal UI, set APLOS_UPLOAD_UI_URL to its URL, then run this again.'];
  return [
    '',
    'Each link saves a view of the list in the Temporal UI, in the browser that opens it:',
    ...table(views.map(({ name, page }) => [`  ${name}`, page])),
    '',
    'To show file, batch and error as columns, add AplosFileName, AplosBatch and AplosErrorCode with the',
    'button "Configure Columns" below the list. Or run this once in the console of the browser, on that page:',
    `  ${columnsScript(namespace)}`,
  ];
}
