/** Kinds of which no more is secret than the query and the user info. */
const SHOWN_KINDS = ['file:', 'https:', 'http:', 's3:'];

/**
 * A source as people may see it: in the UI, a message, the receipt. The query of a presigned URL is a secret,
 * and so is user info. Of a source of another kind, no more than the kind is shown. Safe for workflow code.
 */
export function shownSource(source: string): string {
  if (!URL.canParse(source)) return '(no URL)';
  const url = new URL(source);
  if (!SHOWN_KINDS.includes(url.protocol)) return `${url.protocol}…`;
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Of each way to sign a URL: the parameter that is the signature, and all that come with it. */
const SIGNATURES: readonly (readonly [signature: string, all: RegExp])[] = [
  ['x-amz-signature', /^x-amz-/],
  ['x-goog-signature', /^x-goog-/],
  [
    'signature',
    /^(signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid|x-amz-security-token)$/,
  ],
  ['sig', /^(sig|sv|ss|srt|sr|sp|st|se|spr|sip|skoid|sktid|skt|ske|sks|skv)$/],
];

/** What a source names, whoever presigned it and when: the source without the signature in its query. */
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
