import { type ExecutionState, PHASES } from '../executions.js';
import type { SandboxSettings } from '../options.js';
import { dialects } from './dialects.js';

/** Returns an execution as version 3 reports it: without its metadata. */
export function executionV3(
  { charge, status, errors, warnings, completedPhases, elapsed }: ExecutionState,
  { dialect, nameExecution }: SandboxSettings,
): object {
  const { queued, succeeded } = dialects[dialect];
  const words: Partial<Record<ExecutionState['status'], string>> = { queued, succeeded };
  const hasEnded = ['succeeded', 'failed', 'rejected', 'cancelled', 'timed_out'].includes(status);
  const totalPhases = PHASES.length;
  const startedMs = Date.parse(charge.at);
  return {
    id: charge.executionId,
    rootId: charge.executionId,
    parentId: null,
    name: nameExecution(charge.name) ?? null,
    status: words[status] ?? status,
    statusMessage: errors[0] ?? null,
    errorCode: null,
    currentPhase: status === 'running' ? (PHASES[completedPhases] ?? null) : null,
    progress: { completedPhases, totalPhases, percent: Math.round((100 * completedPhases) / totalPhases) },
    phases: PHASES.map((phase, order) => ({
      order,
      phase,
      status: order < completedPhases ? 'succeeded' : 'pending',
      steps: [],
    })),
    packageAvailable: status === 'succeeded',
    error: errors[0] ?? null,
    errors,
    warnings,
    createdUtc: charge.at,
    startedUtc: charge.at,
    completedUtc: hasEnded ? new Date(startedMs + elapsed * 1000).toISOString() : null,
    durationMs: hasEnded ? Math.round(elapsed * 1000) : null,
    input: { fileId: charge.fileId },
    engineVersions: { nca: '3.0' },
    lifecycleState: 'active',
  };
}
