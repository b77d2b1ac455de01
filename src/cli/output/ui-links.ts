import { queryFor } from '../../client/filter.js';
import type { Settings } from '../../settings/settings.js';
import { temporalTarget } from '../../temporal/connection.js';
import { listPage, temporalUiUrl, workflowPage } from '../../temporal/ui-links.js';

/** URLs of pages in the Temporal UI; `undefined` if the URL of the UI is unknown. */
export interface UiLinks {
  /** Returns the page of an upload. */
  uploadPage(workflowId: string): string | undefined;
  /** Returns the list of a batch, or of all uploads. */
  batchPage(batch: string | undefined): string | undefined;
}

/** Returns the links to the Temporal UI that belongs to the settings. */
export function uiLinks(settings: Settings): UiLinks {
  const target = temporalTarget();
  const uiUrl = temporalUiUrl(settings, target);
  return {
    uploadPage: (workflowId) => uiUrl && workflowPage(uiUrl, target.namespace, workflowId),
    batchPage: (batch) => uiUrl && listPage(uiUrl, target.namespace, queryFor({ batch })),
  };
}
