import type { Fault, FaultAction, Faults, Route } from '../../sandbox/sandbox.js';
import { pause } from './pause.js';

const throttled: FaultAction = { status: 429, headers: { 'Retry-After': '1' } };
const unavailable: FaultAction = { status: 503, headers: { 'Retry-After': '2' } };
const lostResponse: FaultAction = { status: 504, effect: true };
const slow: FaultAction = { delayMs: 1_500 };

const ofEveryRoute: readonly FaultAction[] = [
  throttled,
  unavailable,
  lostResponse,
  slow,
  { status: 500 },
  { cut: 'before' },
  { cut: 'after' },
];
const ofJson: readonly FaultAction[] = [...ofEveryRoute, { response: 'truncated' }];
const ofApi: readonly FaultAction[] = [...ofJson, { response: 'html' }];
/** A start with such a response is not settled, so these faults are only for calls that can be repeated. */
const ofRepeatable: readonly FaultAction[] = [...ofApi, { response: 'other-shape' }];

/**
 * Possible faults of each route. Retries or a new presigned POST must overcome each of them, so that every upload completes.
 */
const actions: Partial<Record<Route, readonly FaultAction[]>> = {
  discovery: ofJson,
  login: ofApi,
  refresh: [...ofApi, { expire: 'token' }],
  presign: [...ofRepeatable, { expire: 'policy' }, { expire: 'token' }],
  upload: [
    ...ofEveryRoute,
    { cut: 400 },
    { cut: 200_000 },
    { hang: true },
    { hang: true, effect: true },
    { hang: 300 },
    { expire: 'policy' },
    { expire: 'token' },
    { corrupt: true },
  ],
  fileState: ofApi,
  start: ofApi,
  list: ofRepeatable,
  status: ofRepeatable,
  package: ofApi,
  downloadUrl: ofApi,
  results: [
    ...ofEveryRoute,
    { cut: 200 },
    { cut: 2_000 },
    { corrupt: true },
    { response: 'truncated' },
    { expire: 'policy' },
  ],
};

/** A hanging call takes 35 s, so it is rare. A hanging upload has a short idle timeout, so it is not. */
const HANG_SHARE = 0.03;
const rare: readonly (readonly [Route, FaultAction])[] = [
  ['presign', { hang: true }],
  ['fileState', { hang: true }],
  ['start', { hang: true }],
  ['start', { hang: true, effect: true }],
];

const LAG_CHANCE = 0.25;

/**
 * Injects faults of all kinds from now on.
 *
 * @param chance probability of a fault on a call
 * @param lagMs how long an execution may be missing from the list, in milliseconds
 */
export function addFaults(faults: Faults, chance: number, lagMs: number): void {
  const always = (route: Route, action: FaultAction, share: number) =>
    faults.add({ route, times: 'always', chance: share, ...action } as Fault);
  for (const [route, action] of rare) always(route, action, chance * HANG_SHARE);
  for (const [route, ofRoute] of Object.entries(actions) as [Route, readonly FaultAction[]][])
    for (const action of ofRoute) always(route, action, chance / ofRoute.length);
  always('list', { lagMs }, LAG_CHANCE);
}

const routesWithToken = ['fileState', 'start', 'list'] as const;
/** A session reports a refusal as a missing permission if it has just renewed its token. */
const BETWEEN_TOKENS_MS = 35_000;
const POLL_MS = 500;

/** Lets the ID token of a random call expire, repeatedly, until the signal is aborted. */
export async function expireTokens(faults: Faults, random: () => number, signal: AbortSignal): Promise<void> {
  do {
    const route = routesWithToken[Math.floor(random() * routesWithToken.length)] ?? 'start';
    const fault: Fault = { route, expire: 'token' };
    faults.add(fault);
    while (faults.waiting.includes(fault)) if (!(await pause(POLL_MS, signal))) return;
  } while (await pause(BETWEEN_TOKENS_MS, signal));
}
