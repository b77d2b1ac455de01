import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { errorTable } from '../src/contract/error-table.js';
import type { AfterFix, ErrorRow, Fault, Remedy } from '../src/contract/error-traits.js';
import { uploadRequestSchema } from '../src/contract/request.js';
import { withSettingsTables } from './settings-tables.js';

const SETTINGS_PAGE = 'docs/settings.md';

const remedies: Record<Remedy, string> = {
  retry: 'Retried',
  'retry-briefly': 'Retried for five minutes, then final',
  'presign-again': 'Presigned and uploaded again',
  final: 'Final',
};
const faults: Record<Fault, string> = {
  caller: 'the sender',
  service: 'a service',
  settings: 'the operator',
  program: 'a bug in this program',
};

const afterFixes: Record<AfterFix, string | false> = {
  replay: false,
  'replay-from-presign': 'A replay sends the file again.',
  upload: '`replay` skips it.',
  analyze:
    '`replay` skips it: `analyze` starts the analysis with another configuration, without another upload.',
  check: '`replay` skips it: a person must check first.',
};

/** The section of one error code. */
function errorSection([code, row]: [code: string, row: ErrorRow]): string {
  const traits = [
    `**${remedies[row.remedy]}.** Fault: ${faults[row.fault]}. Exit code: ${row.exitCode}.`,
    afterFixes[row.afterFix],
    row.mayHaveStarted && 'An execution may have been started.',
    row.callMayNotExist && 'The call may not exist for this account: an optional step is skipped.',
    row.isIdleTimeout && 'Caused by an idle timeout.',
    row.outageOf && 'A folder watch waits until this is fixed.',
  ];
  return `<a id="${code}"></a>

### \`${code}\`

${row.meaning}

${traits.filter(Boolean).join(' ')}

${row.action}
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

${Object.entries(errorTable).map(errorSection).join('\n')}`;

/** Committed files that are generated from the code. The build writes them, and a test checks that they are up to date. */
export const generatedFiles = [
  {
    path: 'schema/upload-request.schema.json',
    content: `${JSON.stringify(z.toJSONSchema(uploadRequestSchema, { io: 'input' }), null, 2)}\n`,
  },
  { path: 'docs/errors.md', content: errorPage },
  { path: SETTINGS_PAGE, content: withSettingsTables(readFileSync(SETTINGS_PAGE, 'utf8')) },
];
