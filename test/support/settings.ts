import { expect } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';

export const PASSWORD = 'correct horse battery staple';

/** Variables of an Aplos account. */
export const account = { COGNITO_USER_NAME: 'jane@example.com', COGNITO_PASSWORD: PASSWORD };

/** A 256-bit key in base64. */
export const KEY = Buffer.alloc(32, 7).toString('base64');

/** Another key. */
export const OTHER_KEY = Buffer.alloc(32, 9).toString('base64');

/** Returns the problem with these settings, without the action. */
export function problemOf(environment: Record<string, string>): string {
  try {
    loadSettings(environment);
    return 'none';
  } catch (error) {
    expect(error).toMatchObject({ code: 'SETTINGS_INVALID', retryable: false });
    return (error as { happened: string }).happened;
  }
}
