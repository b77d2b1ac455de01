/** The sandbox, for tests: `import { startSandbox } from 'aplos-upload-worker/sandbox'`. */
export type { Charge } from './executions.js';
export type { Fault, FaultAction, Faults, FaultTrigger, Route } from './faults.js';
export type { RecordedUpload, SandboxFile } from './files.js';
export {
  type FullSandbox as Sandbox,
  type FullSandboxOptions as SandboxOptions,
  startFullSandbox as startSandbox,
} from './full-sandbox.js';
export type { RecordedCall } from './http.js';
export type { SandboxUser, SpokenVersions, SubscriptionStatus } from './options.js';
export {
  type Sandbox as StandIn,
  type SandboxOptions as StandInOptions,
  startSandbox as startStandIn,
} from './sandbox.js';
export type { DialectName } from './v3/dialects.js';
