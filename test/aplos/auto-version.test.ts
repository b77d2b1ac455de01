import { describe, expect, it } from 'vitest';
import { apiResponding, type FakeResponse } from '../support/fake-aplos.js';

const COGNITO = { region: 'eu-west-1', userPoolClientId: 'c', userPoolId: 'eu-west-1_a' };
const configuration = { body: { idp: { Auth: { Cognito: COGNITO } } } };
const file = {
  v1: { body: { workable_state: 'ready' } },
  v3: { body: { success: true, data: { state: 'ready' } } },
};

/** A host that speaks one version, and responds to the paths of the other as a host may. */
async function hostSpeaking(speaks: 'v1' | 'v3', toOthers: FakeResponse) {
  const { api, setResponse } = await apiResponding(toOthers, { apiVersion: 'auto' });
  const speak = (version: 'v1' | 'v3', others: FakeResponse) =>
    setResponse(({ what }) => {
      const path = what.replace(/^\w+ /, '');
      if (path === '/v3/app/configuration')
        return version === 'v3' ? configuration : { status: 404, body: {} };
      if (path === '/app/configuration') return version === 'v1' ? configuration : { status: 404, body: {} };
      return path.startsWith('/v3/') === (version === 'v3') ? file[version] : others;
    });
  speak(speaks, toOthers);
  return { api, setResponse, speak };
}

describe('a host that switches between the versions', () => {
  const versions = [
    ['v1', 'v3'],
    ['v3', 'v1'],
  ] as const;
  const refusals: FakeResponse[] = [301, 308, 403, 404, 405, 410, 501].map((status) => ({
    status,
    body: {},
  }));

  it.each(versions.flatMap(([from, to]) => refusals.map((refusal) => [from, to, refusal] as const)))(
    'is noticed from %s to %s by %j, and the call is repeated',
    async (from, to, refusal) => {
      const { api, speak } = await hostSpeaking(from, refusal);
      await api.fileState('f1');
      speak(to, refusal);
      expect(await api.fileState('f1')).toMatchObject({ state: 'ready' });
      expect(await api.version()).toBe(to);
    },
  );

  it.each(versions.flatMap(([from, to]) => ['<html>', ['welcome']].map((body) => [from, to, body] as const)))(
    'is noticed from %s to %s by a page like %j, and the next attempt succeeds',
    async (from, to, body) => {
      const { api, speak } = await hostSpeaking(from, { status: 200, body });
      await api.fileState('f1');
      speak(to, { status: 200, body });
      await expect(api.fileState('f1')).rejects.toMatchObject({ remedy: expect.stringMatching(/^retry/) });
      expect(await api.fileState('f1')).toMatchObject({ state: 'ready' });
    },
  );
});

describe('a host that refuses a call', () => {
  const refusal = { status: 403, body: { message: 'Forbidden' } };
  const maintenance = { status: 403, body: '<html>' };

  it('is unavailable if it no longer returns its configuration, so that the call is retried', async () => {
    const { api, setResponse, speak } = await hostSpeaking('v1', refusal);
    await api.fileState('f1');
    setResponse(() => maintenance);
    await expect(api.fileState('f1')).rejects.toMatchObject({
      code: 'API_UNAVAILABLE',
      retryable: true,
      details: { notSent: true },
    });
    speak('v1', refusal);
    expect(await api.fileState('f1')).toMatchObject({ state: 'ready' });
  });

  it('forbids it if it returns its configuration, or never has', async () => {
    const { api, setResponse } = await hostSpeaking('v1', refusal);
    await api.fileState('f1');
    setResponse(({ what }) => (what === 'GET /app/configuration' ? configuration : refusal));
    await expect(api.fileState('f1')).rejects.toMatchObject({ code: 'API_FORBIDDEN' });
    const hidden = await apiResponding(refusal, { apiVersion: 'auto' });
    await expect(hidden.api.fileState('f1')).rejects.toMatchObject({ code: 'API_FORBIDDEN' });
  });
});
