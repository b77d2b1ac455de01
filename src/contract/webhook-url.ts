/** Names of this machine, to which webhooks may be sent unencrypted. */
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Reports whether a URL may receive webhooks, as far as its form tells. */
export function isWebhookUrl(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  return (
    (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname))) && !username && !password
  );
}
