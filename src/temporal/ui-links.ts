import type { Settings } from '../settings/settings.js';
import type { TemporalTarget } from './connection.js';

/**
 * Returns the URL of the Temporal UI: from the settings, or the default of Temporal Cloud and of the development server.
 *
 * @returns `undefined` if the URL is not set and the server is neither of these
 */
export function temporalUiUrl({ uiUrl }: Settings, { address }: TemporalTarget): string | undefined {
  if (uiUrl) return uiUrl;
  const [host = '', port = ''] = address.split(/:(?=\d+$)/);
  if (/\.(tmprl|temporal\.io)/.test(host)) return 'https://cloud.temporal.io';
  return host === 'localhost' || host === '127.0.0.1'
    ? `http://${host}:${Number(port || 7233) + 1000}`
    : undefined;
}

/** Returns the URL of a workflow's page in the Temporal UI. */
export const workflowPage = (uiUrl: string, namespace: string, workflowId: string): string =>
  `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;

/** Returns the URL of the Temporal UI's list of the workflows that match a query. */
export const listPage = (uiUrl: string, namespace: string, query: string): string =>
  `${uiUrl}/namespaces/${encodeURIComponent(namespace)}/workflows?query=${encodeURIComponent(query)}`;
