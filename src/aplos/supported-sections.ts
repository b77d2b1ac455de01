import { UploadError } from '../contract/errors.js';
import type { Section } from '../contract/sections.js';
import type { AplosProfile } from '../settings/settings.js';
import type { ApiVersion } from './api.js';
import type { SectionFields } from './section-fields.js';
import { SECTION_FIELDS_V1 } from './v1/start-body.js';
import { SECTION_FIELDS_V3 } from './v3/start-body.js';

const FIELDS_OF: Readonly<Record<AplosProfile['startBody'], SectionFields>> = {
  v1: SECTION_FIELDS_V1,
  v3: SECTION_FIELDS_V3,
};

/**
 * Checks that a version of the API takes all sections of a request.
 *
 * @param body request body that starts have in this version
 * @throws {@link UploadError} `SECTION_UNSUPPORTED`
 */
export function assertSupported(
  sections: readonly Section[],
  version: ApiVersion,
  body: AplosProfile['startBody'],
): void {
  const unsupported = sections.filter((section) => !(section in FIELDS_OF[body]));
  if (unsupported.length === 0) return;
  const names = unsupported.join(', ');
  const sent =
    version === 'v3' && body === 'v1'
      ? 'version 3 with the request body of version 1'
      : `version ${version.slice(1)}`;
  throw new UploadError('SECTION_UNSUPPORTED', `The Aplos API in ${sent} cannot take ${names}`, {
    action: actionFor(version, body),
  });
}

function actionFor(version: ApiVersion, body: AplosProfile['startBody']): string {
  if (version === 'v1')
    return 'Remove it from the request, or use a host that speaks version 3 (APLOS_API_URL, APLOS_API_VERSION).';
  return body === 'v1'
    ? 'Remove it from the request, or unset APLOS_UPLOAD_START_BODY on the worker.'
    : 'Remove it from the request, or set APLOS_UPLOAD_START_BODY to v1 on the worker.';
}
