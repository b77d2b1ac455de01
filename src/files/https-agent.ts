import type { Agent } from 'undici';
import { UploadError } from '../contract/errors.js';
import type { HostList } from '../http/host-list.js';
import {
  findReachProblem,
  type ReachableAgentOptions,
  type ReachProblem,
  reachableAgent,
} from '../http/reach.js';
import { quote } from '../util/quote.js';

/** Creates an agent that only connects to addresses that the worker may read from. See {@link reachableAgent}. */
export const httpsAgent = (hosts: HostList, options: ReachableAgentOptions = {}): Agent =>
  reachableAgent(hosts, options, addressForbidden);

/**
 * Checks that the worker may read from a URL, except for the addresses of a host name, which {@link httpsAgent} checks.
 *
 * @param url URL of the source, or of a redirect
 * @param hosts allow-listed hosts and addresses
 * @param path the source as shown in messages
 * @throws {@link UploadError} `SOURCE_FORBIDDEN`
 */
export function assertMayReach(url: URL, hosts: HostList, path: string): void {
  const problem = findReachProblem(url, hosts, 'APLOS_UPLOAD_SOURCE_HOSTS');
  if (!problem) return;
  if (problem.kind === 'address') throw addressForbidden(url.hostname, problem.address);
  const action = ACTIONS[problem.kind];
  throw new UploadError(
    'SOURCE_FORBIDDEN',
    `The worker may not read the source ${quote(path)}: ${problem.why}`,
    action === undefined ? {} : { action },
  );
}

const ACTIONS: { readonly [Kind in ReachProblem['kind']]?: string } = {
  unencrypted: 'Use an https: URL.',
  credentials: 'Use a URL without them, e.g. a presigned one.',
};

const addressForbidden = (hostname: string, address: string) =>
  new UploadError(
    'SOURCE_FORBIDDEN',
    `The worker may not connect to the host ${quote(hostname)}: its address ${address} is not public and not allow-listed`,
  );
