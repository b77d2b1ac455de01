import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { type ErrorCode, errorTable } from '../src/contract/error-table.js';
import { errorText } from '../src/contract/error-text.js';
import { uploadRequestSchema } from '../src/contract/request.js';
import { withContractTables } from './contract-tables.js';
import { pagesWithExamples } from './example-blocks.js';
import { requestTypes } from './request-types.js';
import { manifestSchema, settingsSchema } from './schemas.js';
import { withSettingsTables } from './settings-tables.js';
import { requirementsPage, traceabilityPage, tracedTests } from './traceability.js';

const errorCodes = Object.keys(errorTable) as ErrorCode[];

const CONTRACT_PAGE = 'docs/reference/request-and-receipt.md';
const SETTINGS_PAGE = 'docs/reference/settings.md';

/** The section of one error code. */
function errorSection(code: ErrorCode): string {
  const { meaning, remedy, traits, action } = errorText(code);
  return `<a id="${code}"></a>

### \`${code}\`

${meaning}

**${remedy}.** ${traits}

${action}
`;
}

const errorPage = `# Errors

<!-- Generated from src/contract/error-table.ts by \`npm run build\`. -->

Every failure has one of these codes: as the type of the failure in the Temporal UI, as \`code\` in JSON, and at the start of the
line that a command prints. To link to a code, use its name: \`errors.md#S3_EXPIRED\`.

Below the meaning of each code, one line says what follows from it, and the next one what to do.

- **Retried.** Temporal retries the step for up to seven days, at most five minutes apart; a start for up to 30 days. Act only if the error persists.
- **Presigned and uploaded again.** The workflow requests a new presigned POST and uploads the file again, up to five times in all.
- **Final.** A retry cannot help. The upload fails, and completed steps are kept. After somebody has fixed the cause, \`aplos-upload replay\`
  resumes it at the failed step. It **skips** uploads that would fail again because the cause is in the file or the request: correct
  it, and upload the file again. \`--all\` resumes them nevertheless.
- **Fault** names who can fix the cause: *the sender* of the request or the file; *a service*, which is Aplos, Cognito, S3, Temporal or the
  server of the source; *the operator* of this program; or its developers, if it is *a bug*.
- **Exit code** of a command that ends with this error: 2 means that the input or a setting is wrong and nothing was started. A
  command that waited for an upload which then failed exits with 1, whatever the code.
- **An execution may have been started.** If \`startExecution\` fails with this code, Aplos may have started the execution all the same. The
  worker therefore looks for it before it starts another. After any other code, no execution was started by that attempt.

## Codes

${errorCodes.map(errorSection).join('\n')}`;

const jsonFile = (path: string, schema: object) => ({
  path,
  content: `${JSON.stringify(schema, null, 2)}\n`,
});

/** Committed files that are generated from the code. The build writes them, and a test checks that they are up to date. */
export const generatedFiles = [
  jsonFile('schema/upload-request.schema.json', z.toJSONSchema(uploadRequestSchema, { io: 'input' })),
  jsonFile('schema/settings.schema.json', settingsSchema()),
  jsonFile('schema/manifest.schema.json', manifestSchema()),
  { path: 'src/contract/request-types.ts', content: requestTypes() },
  { path: 'docs/reference/errors.md', content: errorPage },
  { path: 'docs/validation/requirements.md', content: requirementsPage() },
  { path: 'docs/validation/traceability.md', content: traceabilityPage(tracedTests()) },
  ...pagesWithExamples(),
  { path: CONTRACT_PAGE, content: withContractTables(readFileSync(CONTRACT_PAGE, 'utf8')) },
  { path: SETTINGS_PAGE, content: withSettingsTables(readFileSync(SETTINGS_PAGE, 'utf8')) },
];
