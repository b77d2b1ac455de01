/** URL schemes whose only secrets are the query and the user info. */
const SHOWN_SCHEMES = ['file:', 'https:', 'http:', 's3:'];

/**
 * Returns a source as it may be shown in the UI, in messages and in the receipt: without the query and the user info, which can be
 * secret. If the scheme is unknown, only the scheme is shown. Safe for workflow code.
 */
export function shownSource(source: string): string {
  if (!URL.canParse(source)) return '(not a URL)';
  const url = new URL(source);
  if (!SHOWN_SCHEMES.includes(url.protocol)) return `${url.protocol}…`;
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** URL signing schemes: the signature parameter, and all parameters the scheme adds. */
const SIGNATURES: readonly (readonly [signature: string, all: RegExp])[] = [
  ['x-amz-signature', /^x-amz-/],
  ['x-goog-signature', /^x-goog-/],
  [
    'signature',
    /^(signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid|x-amz-security-token)$/,
  ],
  ['sig', /^(sig|sv|ss|srt|sr|sp|st|se|spr|sip|skoid|sktid|skt|ske|sks|skv)$/],
];

/** Returns the identity of a source: a presigned URL without its signature, which differs each time the URL is signed. */
export function sourceIdentity(source: string): string {
  if (!URL.canParse(source)) return source;
  const url = new URL(source);
  const names = [...url.searchParams.keys()];
  const signed = SIGNATURES.filter(([signature]) => names.some((name) => name.toLowerCase() === signature));
  if (url.protocol !== 'https:' || signed.length === 0) return source;
  for (const name of names)
    if (signed.some(([, all]) => all.test(name.toLowerCase()))) url.searchParams.delete(name);
  return url.href;
}
