import type { Fault, FaultAction, Faults, Route } from '../../sandbox/sandbox.js';
import { pause } from './pause.js';

const throttled: FaultAction = { status: 429, headers: { 'Retry-After': '1' } };
const unavailable: FaultAction = { status: 503, headers: { 'Retry-After': '2' } };
const lostAnswer: FaultAction = { status: 504, effect: true };
const slow: FaultAction = { delayMs: 1_500 };

const ofEveryRoute: readonly FaultAction[] = [
  throttled,
  unavailable,
  lostAnswer,
  slow,
  { status: 500 },
  { cut: 'before' },
  { cut: 'after' },
];
const ofJson: readonly FaultAction[] = [...ofEveryRoute, { response: 'truncated' }];
const ofApi: readonly FaultAction[] = [...ofJson, { response: 'html' }];

/**
 * What may strike on each route. Only what passes by itself, or with a new presigned form, is here: whatever
 * strikes, every file must be done in the end.
 */
const blows: Partial<Record<Route, readonly FaultAction[]>> = {
  discovery: ofJson,
  login: ofApi,
  refresh: [...ofApi, { expire: 'token' }],
  presign: [...ofApi, { expire: 'policy' }, { expire: 'token' }],
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
  list: ofApi,
};

/** A call that hangs takes its 35 s, so it is rare; an upload's idle limit is short, so it is not. */
const HANG_SHARE = 0.03;
const rare: readonly (readonly [Route, FaultAction])[] = [
  ['presign', { hang: true }],
  ['fileState', { hang: true }],
  ['start', { hang: true }],
  ['start', { hang: true, effect: true }],
];

/** To settle one start the list is asked five times within 30 s, and each of them must be answered. */
const LIST_SHARE = 0.2;
/** How long an execution may be missing from the list. */
const LAG_MS = 4_000;
const LAG_CHANCE = 0.25;

/**
 * Lets faults of all kinds strike from now on.
 *
 * @param chance the share of calls that is struck, on every route but the list
 */
export function addFaults(faults: Faults, chance: number): void {
  const always = (route: Route, blow: FaultAction, share: number) =>
    faults.add({ route, times: 'always', chance: share, ...blow } as Fault);
  for (const [route, blow] of rare) always(route, blow, chance * HANG_SHARE);
  for (const [route, ofRoute] of Object.entries(blows) as [Route, readonly FaultAction[]][]) {
    const share = route === 'list' ? LIST_SHARE : 1;
    for (const blow of ofRoute) always(route, blow, (chance * share) / ofRoute.length);
  }
  always('list', { lagMs: LAG_MS }, LAG_CHANCE);
}

const routesWithToken = ['fileState', 'start', 'list'] as const;
/** A session takes a refusal for a missing right where it renewed its token for another one just before. */
const BETWEEN_TOKENS_MS = 35_000;
const LOOK_EVERY_MS = 500;

/** Lets the id token of some call count as expired, again and again, until the signal is aborted. */
export async function expireTokens(faults: Faults, roll: () => number, signal: AbortSignal): Promise<void> {
  do {
    const route = routesWithToken[Math.floor(roll() * routesWithToken.length)] ?? 'start';
    const fault: Fault = { route, expire: 'token' };
    faults.add(fault);
    while (faults.waiting.includes(fault)) if (!(await pause(LOOK_EVERY_MS, signal))) return;
  } while (await pause(BETWEEN_TOKENS_MS, signal));
}
