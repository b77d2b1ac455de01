import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import { optionsFrom } from '../../src/worker/options.js';

const optionsWith = (environment: NodeJS.ProcessEnv) =>
  optionsFrom(
    loadSettings({
      COGNITO_USER_NAME: 'pipeline@example.com',
      COGNITO_PASSWORD: 'secret',
      APLOS_UPLOAD_ENCRYPTION: 'off',
      XDG_CONFIG_HOME: '/nonexistent',
      ...environment,
    }),
  );

describe('optionsFrom', () => {
  it.each(['1', '2', '4'])('opens no more polls for activities than %s slots', (slots) => {
    const options = optionsWith({ APLOS_UPLOAD_CONCURRENCY: slots });
    expect(options.maxConcurrentActivityTaskPolls).toBe(Number(slots));
  });

  it('leaves most slots to activities that start with their workflow task', () => {
    const { maxConcurrentActivityTaskExecutions, maxConcurrentActivityTaskPolls } = optionsWith({});
    expect(maxConcurrentActivityTaskPolls * 10).toBeLessThanOrEqual(maxConcurrentActivityTaskExecutions);
  });
});
