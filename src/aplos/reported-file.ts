import { UploadError } from '../contract/errors.js';
import type { Confirmation, UploadEvidence } from '../contract/steps.js';
import { shortenText } from '../util/shorten-text.js';
import type { FileState } from './api.js';

/** What is known about the bytes of a file: all of it for a file that was just sent. */
type KnownBytes = Pick<UploadEvidence, 'sha256'> & {
  readonly [Fact in 'sizeBytes' | 'md5' | 'etag']?: UploadEvidence[Fact] | undefined;
};

/**
 * Compares what Aplos reports about a file with the bytes that were sent. The algorithm of the checksum is not documented: it is
 * compared if it has the form of an MD5 or a SHA-256, in hex or base64.
 *
 * @returns what was equal
 * @throws {@link UploadError} `UPLOAD_CORRUPTED` if something differs
 */
export function verifyReported(
  fileName: string,
  { sizeBytes: reportedSizeBytes, checksum = '' }: FileState,
  evidence: KnownBytes,
): Pick<Confirmation, 'reportedSizeBytes' | 'reportedChecksum'> {
  const { sizeBytes: knownSizeBytes = reportedSizeBytes } = evidence;
  if (reportedSizeBytes !== knownSizeBytes && reportedSizeBytes !== undefined)
    throw corrupted(
      `Aplos has ${fileName} with ${reportedSizeBytes} bytes, but ${evidence.sizeBytes} were sent`,
      {
        sizeBytes: evidence.sizeBytes,
        reportedSizeBytes,
      },
    );
  const sum = parseChecksum(checksum);
  // An ETag that is not an MD5 may look like one.
  const isOpaqueEtag = sum?.hex === evidence.etag?.toLowerCase() && sum?.hex !== evidence.md5;
  const known = isOpaqueEtag || (sum && evidence[sum.algorithm] === undefined) ? undefined : sum;
  if (known && known.hex !== evidence[known.algorithm])
    throw corrupted(
      `Aplos has ${fileName} with the checksum ${shortenText(checksum)}, but ${evidence[known.algorithm]} was sent`,
      { [known.algorithm]: evidence[known.algorithm], checksum: shortenText(checksum) },
    );
  return {
    ...(reportedSizeBytes === undefined ? {} : { reportedSizeBytes }),
    ...(known ? { reportedChecksum: known.algorithm } : {}),
  };
}

function parseChecksum(checksum: string): { algorithm: 'md5' | 'sha256'; hex: string } | undefined {
  const [, named, value = ''] = /^\s*"?(?:(md5|sha-?256)[:=-])?([\w+/]+=*)"?\s*$/i.exec(checksum) ?? [];
  const hex = /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i.test(value)
    ? value.toLowerCase()
    : Buffer.from(value, 'base64').toString('hex');
  const algorithm = hex.length === 32 ? 'md5' : hex.length === 64 ? 'sha256' : undefined;
  const isAsNamed = named === undefined || named.toLowerCase().replace('-', '') === algorithm;
  return algorithm && isAsNamed ? { algorithm, hex } : undefined;
}

const corrupted = (happened: string, details: Readonly<Record<string, string | number | undefined>>) =>
  new UploadError('UPLOAD_CORRUPTED', happened, { details });
