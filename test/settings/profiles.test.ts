import { describe, expect, it } from 'vitest';
import { profileSummaries } from '../../src/settings/profiles.js';
import { temporaryFile } from '../support/temporary-folder.js';

const none = { XDG_CONFIG_HOME: '/nowhere' };

describe('profileSummaries', () => {
  it('is empty without an account', () => {
    expect(profileSummaries(none)).toEqual([]);
  });

  it('shows where passwords come from, without reading them', async () => {
    const { path } = await temporaryFile(
      '[profiles.a]\nuser_name = "a@b.c"\npassword_file = "/nowhere"\n[profiles.b]\npassword_command = "exit 1"\napi_version = "v3"',
      'settings.toml',
    );
    const environment = {
      APLOS_UPLOAD_SETTINGS: path,
      COGNITO_USER_NAME: 'jane',
      COGNITO_PASSWORD: 'hunter2',
    };
    const summaries = profileSummaries(environment);
    expect(summaries).toEqual([
      {
        name: 'default',
        userName: 'jane',
        password: 'environment',
        apiUrl: 'https://api.aplos-nca.com',
        apiVersion: 'auto',
        from: 'environment',
      },
      expect.objectContaining({ name: 'a', userName: 'a@b.c', password: '/nowhere', from: path }),
      expect.objectContaining({ name: 'b', password: 'a command', apiVersion: 'v3' }),
    ]);
    expect(JSON.stringify(summaries)).not.toContain('hunter2');
  });
});
