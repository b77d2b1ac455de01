import type { Settings } from '../settings/settings.js';
import type { TemporalTarget } from './connection.js';

/** Where the Temporal UI is: as configured, or where Temporal Cloud and the development server have it. */
export function temporalUiUrl({ uiUrl }: Settings, { address }: TemporalTarget): string | undefined {
  if (uiUrl) return uiUrl;
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  if (/\.(tmprl|temporal\.io)/.test(host)) return 'https://cloud.temporal.io';
  return host === 'localhost' || host === '127.0.0.1'
    ? `http://${host}:${Number(port || 7233) + 1000}`
    : undefined;
}

/** The page of one workflow in the Temporal UI. */
export const workflowPage = (uiUrl: string, namespace: string, workflowId: string): string =>
  `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;

/** The list of the workflows that a query finds, in the Temporal UI. */
export const listPage = (uiUrl: string, namespace: string, query: string): string =>
  `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}`;
