import { UploadError } from '../contract/errors.js';

/** Proxies from the environment. An empty string means no proxy. */
export interface Proxies {
  /** Proxy for `http:` URLs. */
  readonly http: string;
  /** Proxy for `https:` URLs and for Temporal. Default: the one for `http:` */
  readonly https: string;
  /** Hosts that are reached without a proxy, separated by commas. */
  readonly none: string;
}

/**
 * Reads `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`. If a name is also set in lower case, that value wins.
 *
 * @throws UploadError `SETTINGS_INVALID` if a value is not the URL of an HTTP proxy
 */
export function environmentProxies(): Proxies {
  const http = parseProxy('HTTP_PROXY');
  return { http, https: parseProxy('HTTPS_PROXY') || http, none: variable('NO_PROXY') };
}

function parseProxy(name: string): string {
  const value = variable(name);
  if (!value) return '';
  const url = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UploadError('SETTINGS_INVALID', `${name} is not the URL of an HTTP proxy`, {
    action: 'Set it to http://HOST:PORT, or to http://USER:PASSWORD@HOST:PORT if the proxy requires a login.',
  });
}

const variable = (name: string) => process.env[name.toLowerCase()] || process.env[name] || '';
