import { WORKFLOW_TYPE } from '../contract/names.js';

/** A view of the list of workflows in the Temporal UI. */
export interface SavedView {
  readonly name: string;
  readonly query: string;
}

/** Views for people on call. The UI permits letters, digits, spaces and `_.-` in names. */
export const savedViews: readonly SavedView[] = [
  { name: 'Uploads', query: `WorkflowType='${WORKFLOW_TYPE}'` },
  { name: 'Failed uploads', query: `WorkflowType='${WORKFLOW_TYPE}' AND ExecutionStatus='Failed'` },
  {
    name: 'Uploads in trouble',
    query: `WorkflowType='${WORKFLOW_TYPE}' AND ExecutionStatus='Running' AND AplosErrorCode IS NOT NULL`,
  },
];

/** Columns that show what an upload is about. The first are columns of the UI, the others are search attributes. */
export const listColumns: readonly string[] = [
  'Status',
  'AplosFileName',
  'AplosBatch',
  'AplosErrorCode',
  'Start',
  'End',
  'Workflow ID',
];

/** Key under which the Temporal UI stores the columns of the list, by namespace, in the browser. */
const COLUMNS_KEY = 'namespace-workflow-table-columns';

/** Returns JavaScript that sets the columns of the list in the Temporal UI. There is no URL for them. */
export function columnsScript(namespace: string): string {
  const columns = JSON.stringify(listColumns.map((label) => ({ label })));
  return `localStorage['${COLUMNS_KEY}'] = JSON.stringify({ ...JSON.parse(localStorage['${COLUMNS_KEY}'] ?? '{}'), ${JSON.stringify(namespace)}: ${columns} }); location.reload()`;
}
