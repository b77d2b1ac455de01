import type { Client } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { UploadClient } from '../../src/client.js';
import { loadSettings } from '../../src/settings/load.js';

describe('UploadClient.replay', () => {
  it('refuses one ID as text, which is a list of its characters', async () => {
    const client = await UploadClient.connect({
      settings: loadSettings({ APLOS_UPLOAD_SETTINGS: '/dev/null' }, 'client'),
      client: { workflow: {}, options: { namespace: 'default' } } as unknown as Client,
    });
    expect(() => client.replay('default:pk.csv:1')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.stringContaining('into an array') }),
    );
  });
});
