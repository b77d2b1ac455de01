/** URL schemes whose only secrets are the query and the user info. */
const SHOWN_SCHEMES = ['file:', 'https:', 'http:', 's3:'];

/**
 * Returns a source as it may be shown in the UI, in messages and in the receipt: without the query and the user info, which can be
 * secret. If the scheme is unknown, only the scheme is shown. Safe for workflow code.
 */
export function shownSource(source: string): string {
  if (!URL.canParse(source)) return '(not a URL)';
  const url = new URL(source);
  if (url.protocol === STORED_SCHEME) return `${url.protocol}${url.pathname}`;
  if (!SHOWN_SCHEMES.includes(url.protocol)) return `${url.protocol}…`;
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Scheme of a file that Aplos already has. */
const STORED_SCHEME = 'aplos:';
const STORED_FILE = /^file\/([^/]+)$/;

/** Returns the source that names a file at Aplos: `aplos:file/FILE_ID`. */
export const storedFileSource = (fileId: string): string =>
  `${STORED_SCHEME}file/${encodeURIComponent(fileId)}`;

/** Reports whether a source names a file at Aplos instead of one to read. Safe for workflow code. */
export const isStoredFile = (source: string): boolean =>
  URL.canParse(source) && new URL(source).protocol === STORED_SCHEME;

/** Returns the ID in a source that names a file at Aplos; `undefined` for any other source. Safe for workflow code. */
export function storedFileId(source: string): string | undefined {
  if (!isStoredFile(source)) return undefined;
  const { pathname, search, hash } = new URL(source);
  const [, encoded] = STORED_FILE.exec(pathname) ?? [];
  if (encoded === undefined || search || hash) return undefined;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
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
