import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contract/names.js';
import { hasEarlierRuns } from '../../src/temporal/earlier-runs.js';
import {
  assertSearchAttributes,
  registerSearchAttributes,
  searchAttributeTypes,
} from '../../src/temporal/search-attributes.js';
import { newNamespace } from '../support/shared-world.js';

let connection: Connection;
let namespace: string;

beforeAll(async () => {
  const temporal = await newNamespace({ searchAttributes: false });
  connection = await Connection.connect({ address: temporal.address });
  namespace = temporal.namespace;
});
afterAll(() => connection?.close());

describe('hasEarlierRuns', () => {
  const check = (workflowId: string, runId: string) =>
    hasEarlierRuns(connection.workflowService, namespace, workflowId, runId);

  /** Starts a run, and waits until Temporal lists it. */
  async function startRun(workflowId: string): Promise<{ runId: string; end: () => Promise<unknown> }> {
    const { workflow } = new Client({ connection, namespace });
    const handle = await workflow.start('unhandled', { workflowId, taskQueue: 'unpolled' });
    const runId = handle.firstExecutionRunId;
    await expect
      .poll(async () => (await workflow.count(`RunId = '${runId}'`)).count, { timeout: 20_000 })
      .toBe(1);
    return { runId, end: () => handle.terminate() };
  }

  it.each(['team:pk.csv:1', "it's 100%_.csv", 'team:血漿–7 (1).csv:2'])(
    'finds the earlier run of the workflow %s',
    async (workflowId) => {
      const first = await startRun(workflowId);
      expect(await check(workflowId, first.runId)).toBe(false);
      await first.end();
      const second = await startRun(workflowId);
      expect(await check(workflowId, second.runId)).toBe(true);
      await second.end();
    },
  );

  it.each(['back\\slash', '"quoted".csv', 'line\nbreak'])(
    'returns true for the workflow %j, which no query can find',
    async (workflowId) => {
      expect(await check(workflowId, randomUUID())).toBe(true);
    },
  );

  it('does not need the current run to be listed', async () => {
    const earlier = await startRun('seen-late');
    expect(await check('seen-late', randomUUID())).toBe(true);
    await earlier.end();
  });

  it('ignores the runs of other workflows', async () => {
    const other = await startRun('other');
    expect(await check('other-', randomUUID())).toBe(false);
    await other.end();
  });
});

describe('assertSearchAttributes and registerSearchAttributes', () => {
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
    await expect.poll(listed, { timeout: 20_000 }).toBe(true);
  }
});
