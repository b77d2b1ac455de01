import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/settings/load.js';
import { temporalUiUrl, workflowPage } from '../../src/temporal/ui-links.js';

const settings = loadSettings({});
const targetAt = (address: string) => ({ address, namespace: 'default', connectionOptions: { address } });

describe('temporalUiUrl', () => {
  it.each([
    ['localhost:7233', 'http://localhost:8233'],
    ['127.0.0.1:17233', 'http://127.0.0.1:18233'],
    ['localhost', 'http://localhost:8233'],
    ['acme.a1b2c.tmprl.cloud:7233', 'https://cloud.temporal.io'],
    ['us-east-1.aws.api.temporal.io:7233', 'https://cloud.temporal.io'],
    ['temporal.acme.com:7233', undefined],
    ['10.0.0.7:7233', undefined],
  ])('of %s is %s', (address, url) => {
    expect(temporalUiUrl(settings, targetAt(address))).toBe(url);
  });

  it('prefers the settings', () => {
    const configured = loadSettings({ APLOS_UPLOAD_UI_URL: 'https://temporal.acme.com/' });
    expect(temporalUiUrl(configured, targetAt('localhost:7233'))).toBe('https://temporal.acme.com');
  });
});

describe('workflowPage', () => {
  it('escapes the namespace and the workflow id', () => {
    expect(workflowPage('http://localhost:8233', 'a/b', 'team:PK 50% #1.csv:0a')).toBe(
      'http://localhost:8233/namespaces/a%2Fb/workflows/team%3APK%2050%25%20%231.csv%3A0a',
    );
  });
});
