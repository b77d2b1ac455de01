import { queryFor, type UploadFilter } from '../../client/filter.js';
import type { Settings } from '../../settings/settings.js';
import { temporalTarget } from '../../temporal/connection.js';
import { listPage, temporalUiUrl, workflowPage } from '../../temporal/ui-links.js';

/** URLs of pages in the Temporal UI; `undefined` if the URL of the UI is unknown. */
export interface UiLinks {
  /** Returns the page of an upload. */
  uploadPage(workflowId: string): string | undefined;
  /** Returns the list of the uploads that match a filter. */
  listPage(filter: UploadFilter): string | undefined;
  /** Returns the list that matches a query. Whoever opens it saves the query as a view in the browser. */
  viewPage(name: string, query: string): string | undefined;
}

/** Only uploads have the search attributes, and operators need no spaces: a shorter link is easier to copy. */
const shortened = (query: string) =>
  query.replace(/^WorkflowType = '\w+' AND (?=Aplos)/, '').replaceAll(" = '", "='");

/** Returns the links to the Temporal UI that belongs to the settings. */
export function uiLinks(settings: Settings): UiLinks {
  const target = temporalTarget(settings);
  const uiUrl = temporalUiUrl(settings, target);
  return {
    uploadPage: (workflowId) => uiUrl && workflowPage(uiUrl, target.namespace, workflowId),
    viewPage: (name, query) =>
      uiUrl && `${listPage(uiUrl, target.namespace, query)}&savedQuery=${encodeURIComponent(name)}`,
    listPage: (filter) => uiUrl && listPage(uiUrl, target.namespace, shortened(queryFor(filter))),
  };
}
