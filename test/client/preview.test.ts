import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { previewUploads, type UploadPreview } from '../../src/client/preview.js';
import { WorkerAvailability } from '../../src/client/worker-availability.js';
import { contentIdFor, fileVersionIdFor, trackingIdFor } from '../../src/contract/analysis-id.js';
import type { AnalysisFinding, PreviewInput } from '../../src/contract/preview.js';
import { parseUploadRequest, type UploadRequestInput } from '../../src/contract/request.js';

const sha256 = 'a'.repeat(64);
const configuration = { version: '1' };
const requestOf = (changes: Partial<UploadRequestInput> = {}) =>
  parseUploadRequest({
    source: 'file:///data/pk.csv',
    expect: { sha256 },
    executions: [{ label: 'day 1', configuration }],
    ...changes,
  });
const execution = { executionId: 'e1', status: 'complete', requestedAt: '2026-11-20T14:02:00.000Z' };

/** A client whose workers find what `answer` returns, and the inputs that they were given. */
function workersThat(answer: (input: PreviewInput) => readonly AnalysisFinding[] | Error, isRunning = true) {
  const inputs: PreviewInput[] = [];
  const workflow = {
    start: async (type: string, { args }: { args: [PreviewInput] }) => {
      expect(type).toBe('previewAnalyses');
      inputs.push(args[0]);
      return {
        result: async () => {
          const found = answer(args[0]);
          if (found instanceof Error) throw found;
          return found;
        },
      };
    },
  };
  const client = { workflow, options: { namespace: 'default' } } as unknown as Client;
  const workers = new (class extends WorkerAvailability {
    override hasWorker = async () => isRunning;
  })(client);
  const connection = { client, workers };
  const preview = async (...requests: readonly ReturnType<typeof requestOf>[]) => {
    const previews: UploadPreview[] = [];
    for await (const each of previewUploads(connection, requests)) previews.push(each);
    return previews;
  };
  return { inputs, preview };
}

const nothing = ({ analyses }: PreviewInput) => analyses.map(() => ({ similar: [] }));

describe('previewUploads', () => {
  it('returns whether each analysis is new or paid, by the ids that its start would have', async () => {
    const executions = [
      { label: 'day 1', configuration, metaData: { study: 7 } },
      { configuration, again: 'engine 3.2' },
    ];
    const [trackingId, other] = executions.map(({ label: _, ...each }) =>
      trackingIdFor({ fileName: 'pk.csv', sha256, execution: each }),
    );
    const contentId = contentIdFor({ sha256, execution: { configuration } });
    const fileVersionId = fileVersionIdFor({ fileName: 'pk.csv', sha256 });
    const { inputs, preview } = workersThat(() => [{ execution, similar: [] }, { similar: [execution] }]);
    expect(await preview(requestOf({ executions }))).toEqual([
      {
        workflowId: expect.stringMatching(/^default:pk\.csv:/),
        fileName: 'pk.csv',
        analyses: [
          { label: 'day 1', state: 'paid', trackingId, execution, similar: [] },
          { label: '#2', state: 'new', trackingId: other, again: 'engine 3.2', similar: [execution] },
        ],
      },
    ]);
    expect(inputs).toEqual([
      {
        profile: 'default',
        analyses: [
          { trackingId, contentId, fileVersionId },
          { trackingId: other, contentId, fileVersionId },
        ],
      },
    ]);
  });

  it('returns `unknown`, and asks nobody, if the request has no SHA-256', async () => {
    const { inputs, preview } = workersThat(nothing);
    const [{ analyses } = { analyses: [] }] = await preview(
      requestOf({ source: 's3://bucket/pk.csv', expect: undefined }),
    );
    expect(analyses).toEqual([{ label: 'day 1', state: 'unknown', similar: [] }]);
    expect(inputs).toEqual([]);
  });

  it('asks for at most 200 analyses at a time, and for one profile, and keeps the order', async () => {
    const { inputs, preview } = workersThat(nothing);
    const requests = Array.from({ length: 450 }, (_, index) =>
      requestOf({ fileName: `pk-${index}.csv`, profile: index < 400 ? 'a' : 'b' }),
    );
    const previews = await preview(...requests);
    expect(previews.map(({ fileName }) => fileName)).toEqual(requests.map(({ fileName }) => fileName));
    expect(inputs.map(({ profile, analyses }) => [profile, analyses.length])).toEqual([
      ['a', 200],
      ['a', 200],
      ['b', 50],
    ]);
  });

  it('throws WORKER_MISSING, and starts no workflow, if no worker is running', async () => {
    const { inputs, preview } = workersThat(nothing, false);
    await expect(preview(requestOf())).rejects.toMatchObject({
      code: 'WORKER_MISSING',
      message:
        'No worker is running, so it is not known which analyses Aplos already has. Start a worker with `aplos-upload worker`.',
    });
    expect(inputs).toEqual([]);
  });
});
