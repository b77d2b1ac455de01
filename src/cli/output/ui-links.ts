import { queryFor } from '../../client/filter.js';
import type { Settings } from '../../settings/settings.js';
import { temporalTarget } from '../../temporal/connection.js';
import { listPage, temporalUiUrl, workflowPage } from '../../temporal/ui-links.js';

/** Where to look in the Temporal UI; `undefined` where it is not known where that is. */
export interface UiLinks {
  ofUpload(workflowId: string): string | undefined;
  ofBatch(batch: string | undefined): string | undefined;
}

/** The pages of the Temporal UI that belongs to the settings. */
export function uiLinks(settings: Settings): UiLinks {
  const target = temporalTarget();
  const uiUrl = temporalUiUrl(settings, target);
  return {
    ofUpload: (workflowId) => uiUrl && workflowPage(uiUrl, target.namespace, workflowId),
    ofBatch: (batch) => uiUrl && listPage(uiUrl, target.namespace, queryFor({ batch })),
  };
}
