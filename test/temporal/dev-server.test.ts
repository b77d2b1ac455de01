import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { otherUploads } from '../../src/temporal/other-uploads.js';
import {
  assertSearchAttributes,
  registerSearchAttributes,
  searchAttributeTypes,
} from '../../src/temporal/search-attributes.js';
import { newNamespace } from '../support/shared-world.js';

let connection: Connection;
let namespace: string;

async function setUp(options: { readonly searchAttributes: boolean }): Promise<void> {
  const temporal = await newNamespace(options);
  connection = await Connection.connect({ address: temporal.address });
  namespace = temporal.namespace;
}
const tearDown = () => connection?.close();

describe('otherUploads', () => {
  beforeAll(() => setUp({ searchAttributes: true }));
  afterAll(tearDown);

  const scheduledMs = 1_700_000_000_000;
  const others = (workflowId: string, runId: string, closedSinceMs = 0) =>
    otherUploads(
      connection.workflowService,
      namespace,
      { workflowId, runId, activityId: '1', scheduledMs },
      { fileName: fileNameIn(workflowId), closedSinceMs },
    );
  const fileNameIn = (workflowId: string) => workflowId.split(':')[1] ?? workflowId;
  const nobody = {
    ahead: undefined,
    mayHaveSentUntilMs: Number.NEGATIVE_INFINITY,
    acknowledged: { untilMs: Number.NEGATIVE_INFINITY, executionIds: [] },
  };

  /** Starts a run that no worker works on, and waits until Temporal lists it. */
  async function startRun(workflowId: string): Promise<{ runId: string; end: () => Promise<number> }> {
    const { workflow } = new Client({ connection, namespace });
    const handle = await workflow.start('uploadAnalysisFile', {
      workflowId,
      taskQueue: 'unpolled',
      typedSearchAttributes: [
        { key: defineSearchAttributeKey('AplosFileName', 'KEYWORD'), value: fileNameIn(workflowId) },
      ],
    });
    const runId = handle.firstExecutionRunId;
    const listed = async (status: string) =>
      (await workflow.count(`RunId = '${runId}' AND ExecutionStatus = '${status}'`)).count;
    await expect.poll(() => listed('Running')).toBe(1);
    return {
      runId,
      end: async () => {
        await handle.terminate();
        await expect.poll(() => listed('Terminated')).toBe(1);
        return (await handle.describe()).closeTime?.getTime() ?? 0;
      },
    };
  }

  it.each(['team:pk.csv:1', "it's 100%_.csv", 'team:血漿–7 (1).csv:2'])(
    'finds the earlier run of the workflow %s, until it has closed long ago',
    async (workflowId) => {
      const first = await startRun(workflowId);
      expect(await others(workflowId, first.runId)).toEqual(nobody);
      const closedMs = await first.end();
      const second = await startRun(workflowId);
      expect(await others(workflowId, second.runId)).toEqual({ ...nobody, mayHaveSentUntilMs: closedMs });
      expect(await others(workflowId, second.runId, closedMs + 1)).toEqual(nobody);
      await second.end();
    },
  );

  it('finds an upload of the same content with other analyses', async () => {
    const prefix = 'team:pk.csv:0123456789ab-';
    const other = await startRun(`${prefix}aaaaaaaaaaaa`);
    const closedMs = await other.end();
    const own = await startRun(`${prefix}bbbbbbbbbbbb`);
    expect(await others(`${prefix}bbbbbbbbbbbb`, own.runId)).toEqual({
      ...nobody,
      mayHaveSentUntilMs: closedMs,
    });
    const ofOtherContent = await startRun('team:pk.csv:0123456789ac-aaaaaaaaaaaa');
    expect(await others('team:pk.csv:0123456789ac-aaaaaaaaaaaa', ofOtherContent.runId)).toEqual(nobody);
    await Promise.all([own.end(), ofOtherContent.end()]);
  });

  it('ignores a running upload that has not started anything', async () => {
    const other = await startRun('team:pk.csv:ffffffffffff-aaaaaaaaaaaa');
    const own = await startRun('team:pk.csv:ffffffffffff-bbbbbbbbbbbb');
    expect(await others('team:pk.csv:ffffffffffff-bbbbbbbbbbbb', own.runId)).toEqual(nobody);
    await Promise.all([other.end(), own.end()]);
  });

  it.each(['back\\slash', '"quoted".csv', 'line\nbreak'])(
    'expects others to have sent a start for the workflow %j, which no query can find',
    async (workflowId) => {
      expect(await others(workflowId, randomUUID())).toEqual({ ...nobody, mayHaveSentUntilMs: scheduledMs });
    },
  );

  it('ignores the runs of other workflows', async () => {
    const other = await startRun('other');
    await other.end();
    const own = await startRun('other-');
    expect(await others('other-', own.runId)).toEqual(nobody);
    await own.end();
  });
});

describe('assertSearchAttributes and registerSearchAttributes', () => {
  beforeAll(() => setUp({ searchAttributes: false }));
  afterAll(tearDown);

  const names = Object.keys(SEARCH_ATTRIBUTES);
  const missing = () => assertSearchAttributes(connection, namespace);

  it('name the missing search attributes and the commands that register them', async () => {
    await expect(missing()).rejects.toMatchObject({
      code: 'SEARCH_ATTRIBUTES_MISSING',
      happened: `The namespace "${namespace}" lacks the search attributes ${names.join(', ')}`,
    });
    await expect(missing()).rejects.toThrow(
      /Run: aplos-upload setup\. Or: temporal operator search-attribute create --namespace test-[0-9a-f-]+ --name AplosProfile --type Keyword .*--name AplosExecutionIds --type KeywordList/,
    );
  });

  it('register only the missing search attributes', async () => {
    const [first = '', ...others] = names;
    await register(first);
    await expect(missing()).rejects.toMatchObject({
      happened: `The namespace "${namespace}" lacks the search attributes ${others.join(', ')}`,
    });
    expect(await registerSearchAttributes(connection, namespace)).toEqual(others);
    await expect(missing()).resolves.toBeUndefined();
    expect(await registerSearchAttributes(connection, namespace)).toEqual([]);
  });

  async function register(name: string): Promise<void> {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: { [name]: searchAttributeTypes[name] ?? 0 },
    });
    const listed = async () => {
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return name in customAttributes;
    };
    await expect.poll(listed).toBe(true);
  }
});
