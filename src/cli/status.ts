import { UploadClient, type UploadStatus } from '../client.js';
import { out } from './colors.js';
import { complain, ExitCode } from './exit.js';

/** `aplos-upload status` */
export async function status(workflowIds: string[], { json }: { json?: true }): Promise<void> {
  const client = await UploadClient.connect();
  try {
    for (const workflowId of workflowIds) {
      const found = await client.status(workflowId);
      if (found) console.log(json ? JSON.stringify(found) : statusText(found));
      else {
        complain(
          `${workflowId}: Temporal knows no such upload, or no longer. \`aplos-upload upload\` prints the ids.`,
        );
        process.exitCode = ExitCode.failed;
      }
    }
  } finally {
    await client.close();
  }
}

function statusText({
  workflowId,
  state,
  pending,
  executionIds,
  startedAt,
  closedAt,
  requestedBy,
  failure,
}: UploadStatus): string {
  const when = `since ${startedAt.toISOString()}${closedAt ? ` until ${closedAt.toISOString()}` : ''}`;
  return [
    `${out.bold(workflowId)}  ${state}  ${out.dim(`${when}${requestedBy ? `, for ${requestedBy}` : ''}`)}`,
    ...pending.map(({ activity, attempt, heartbeat, lastFailure }) => {
      const sent = heartbeat
        ? `, ${Math.floor((100 * heartbeat.bytesSent) / heartbeat.totalBytes)}% sent`
        : '';
      const trouble = lastFailure ? `, last failure ${lastFailure.code}: ${lastFailure.message}` : '';
      return `  ${activity}, attempt ${attempt}${sent}${trouble}`;
    }),
    ...(failure ? [`  ${failure.code}: ${failure.message}`] : []),
    ...executionIds.map((executionId) => `  execution ${executionId}`),
  ].join('\n');
}
