import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure, defaultPayloadConverter, type Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Receipt } from '../../src/contract/receipt.js';
import { REQUEST_LIMITS } from '../../src/contract/request-limits.js';
import { startWorld } from '../support/shared-world.js';
import { startWithPayloads } from '../support/start-with-payloads.js';
import { configuration } from '../support/tables.js';
import type { World } from '../support/world.js';

const { EVENT_TYPE_WORKFLOW_TASK_FAILED } = proto.temporal.api.enums.v1.EventType;

const payload = (encoding: string | undefined, data?: string | Buffer): Payload => ({
  metadata: encoding === undefined ? {} : { encoding: Buffer.from(encoding) },
  ...(data === undefined ? {} : { data: Buffer.from(data) }),
});
const json = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);
const text = (data: string | Buffer) => payload('json/plain', data);

describe('a workflow that an untrusted client starts without a key', { tags: ['REQ-26'] }, () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld();
    await world.startWorker();
  });
  afterAll(() => world?.stop());

  const start = (payloads: Payload[]) => startWithPayloads(world.rawClient, payloads);

  const failureOf = (workflowId: string): Promise<unknown> =>
    world.rawClient.workflow
      .getHandle(workflowId)
      .result()
      .then(
        (result) => expect.fail(`It did not fail: ${JSON.stringify(result)}`),
        (error: unknown) => (error instanceof WorkflowFailedError ? error.cause : error),
      );

  const eventTypesOf = async (workflowId: string) => {
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    return (events ?? []).map(({ eventType }) => eventType);
  };

  const request = { source: 'file:///data/pk.csv' };
  const notJson = 'must be JSON in a payload with the encoding json/plain';
  const object = 'Invalid input: expected object, received';

  it.each<[what: string, payloads: Payload[], problem: string]>([
    ['no argument', [], 'must be the only argument of the workflow, but 0 were given'],
    [
      'two arguments',
      [json(request), json({})],
      'must be the only argument of the workflow, but 2 were given',
    ],
    ['three, the last broken', [json(request), json(1), text('{')], 'but 3 were given'],
    ['nothing, as other SDKs send it', [payload('binary/null')], `${object} undefined`],
    ['null', [json(null)], `${object} null`],
    ['text', [json('file:///data/pk.csv')], `${object} string`],
    ['a number', [json(7)], `${object} number`],
    ['an array', [json([request])], `${object} array`],
    ['bytes', [payload('binary/plain', 'file:///data/pk.csv')], 'it is binary'],
    ['broken JSON', [text('{"source": "file:///data')], notJson],
    ['JSON with a comma too many', [text('{"source": "file:///data/pk.csv",}')], notJson],
    ['no byte at all', [text('')], notJson],
    ['a payload without data', [payload('json/plain')], notJson],
    ['Latin-1', [text(Buffer.from('{"source": "file:///Étude.csv"}', 'latin1'))], 'is not UTF-8 in line 1'],
    ['a payload without encoding', [payload(undefined, JSON.stringify(request))], notJson],
    ['protobuf', [payload('binary/protobuf', Buffer.from([8, 1]))], 'Unknown encoding: binary/protobuf'],
    ['an encoding of its own', [payload('x/y', '{}')], 'Unknown encoding: x/y'],
    ['100,000 levels', [text('['.repeat(1e5) + ']'.repeat(1e5))], 'is nested deeper than 64 levels'],
    [
      'levels within a configuration',
      [
        text(
          `{"source":"file:///pk.csv","executions":[{"configuration":${'{"a":'.repeat(1e5)}1${'}'.repeat(1e5)}}]}`,
        ),
      ],
      'is nested deeper than 64 levels',
    ],
    [
      'too much',
      [json({ ...request, executions: [{ configuration: { padding: 'x'.repeat(1_500_000) } }] })],
      'is 1,500,120 bytes as JSON, but at most 1,048,576 are allowed',
    ],
  ])('fails immediately and names the problem: %s', async (_what, payloads, problem) => {
    const workflowId = await start(payloads);
    const failure = await failureOf(workflowId);
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'REQUEST_INVALID',
      nonRetryable: true,
      details: [{ code: 'REQUEST_INVALID', remedy: 'final' }],
    });
    expect(String(failure)).toContain('The upload request is not valid: request: ');
    expect(String(failure)).toContain(problem);
    expect(await eventTypesOf(workflowId)).not.toContain(EVENT_TYPE_WORKFLOW_TASK_FAILED);
  });

  it('fails with the path of each invalid field', async () => {
    const workflowId = await start([
      json({
        source: 7,
        profile: '',
        excutions: [],
        executions: [{ label: 'day 1', meta_data: {}, configuration: 'day-1.json' }, { configuration: [] }],
        expect: { sha256: 'ABC' },
      }),
    ]);
    const message = String(await failureOf(workflowId));
    for (const path of [
      'source',
      'profile',
      'executions[0].configuration',
      'executions[0]',
      'executions[1].configuration',
      'expect.sha256',
      'request',
    ])
      expect(message).toMatch(new RegExp(`[:;] ${path.replaceAll(/[[\].]/g, '\\$&')}: `));
  });

  it('fails with a readable code and an encrypted message if a step fails', async () => {
    const workflowId = await start([json(request)]);
    await expect(world.client.workflow.getHandle(workflowId).result()).rejects.toMatchObject({
      cause: { type: 'FILE_NOT_FOUND', message: expect.stringContaining('pk.csv') },
    });
    const { events } = await world.rawClient.workflow.getHandle(workflowId).fetchHistory();
    expect(events?.at(-1)?.workflowExecutionFailedEventAttributes?.failure).toMatchObject({
      message: expect.stringContaining('FILE_NOT_FOUND (message encrypted): '),
      applicationFailureInfo: { type: 'FILE_NOT_FOUND' },
    });
  });

  it('waits and names the missing key if the request is encrypted with another key', async () => {
    const encrypted = payload('binary/encrypted', 'not to be read');
    const workflowId = await start([
      { ...encrypted, metadata: { ...encrypted.metadata, 'encryption-key-id': Buffer.from('theirs') } },
    ]);
    const handle = world.rawClient.workflow.getHandle(workflowId);
    const reasons = async () =>
      (await handle.fetchHistory()).events?.map(
        ({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes?.failure?.message,
      );
    await expect
      .poll(reasons)
      .toContainEqual(expect.stringContaining('A payload is encrypted with the key "theirs"'));
    await handle.terminate();
  });

  it('succeeds with a request of the maximum size and 100 executions', async () => {
    const path = await world.write('large.csv', 'subject,time,conc\n1,0,0\n1,1,12.5\n');
    const sized = (padding: number) => ({
      source: `file://${path}`,
      fileName: 'large.csv',
      profile: 'default',
      executions: Array.from({ length: REQUEST_LIMITS.executions }, (_, index) => ({
        label: `day ${index}`,
        configuration: { ...configuration, analysis: index, padding: 'x'.repeat(padding) },
      })),
    });
    const room = REQUEST_LIMITS.bytes - JSON.stringify(sized(0)).length;
    const workflowId = await start([json(sized(Math.floor(room / REQUEST_LIMITS.executions)))]);

    const handle = world.client.workflow.getHandle(workflowId);
    const { fileId, executions } = (await handle.result()) as Receipt;
    expect(executions).toHaveLength(100);
    expect(world.sandbox.charges.filter((charge) => charge.fileId === fileId)).toHaveLength(100);
    const { historySize, searchAttributes } = await handle.describe();
    expect(historySize).toBeLessThan(4 * REQUEST_LIMITS.bytes);
    // As many as Temporal accepts in a search attribute. The receipt has all.
    expect(searchAttributes.AplosExecutionIds?.length).toBeGreaterThan(30);
  });

  it('leaves the worker running', async () => {
    const path = await world.write('pk.csv', 'subject,time,conc\n1,0,0\n1,1,12.5\n');
    const workflowId = await start([json({ source: `file://${path}` })]);
    const receipt = await world.client.workflow.getHandle(workflowId).result();
    expect(receipt).toMatchObject({ status: 204, fileName: 'pk.csv' });
  });
});
