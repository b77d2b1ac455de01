import { z } from 'zod';
import { errorTable, type Remedy } from '../src/contract/errors.js';
import { uploadRequestSchema } from '../src/contract/request.js';

const then: Record<Remedy, string> = {
  retry: 'tried again',
  'presign-again': 'presigned and sent again',
  final: 'final',
};

const errorRows = Object.entries(errorTable).map(
  ([code, { meaning, remedy, action }]) => `| \`${code}\` | ${meaning} | ${then[remedy]} | ${action} |`,
);

const errorPage = `# Errors

Every failure carries one of these codes: as the failure's type in the Temporal UI, as \`code\` in JSON, and at the
start of the line that the command prints. *Tried again*: Temporal repeats the step by itself, for up to seven days,
with at most five minutes between two attempts. *Presigned and sent again*: the workflow asks for a new presigned POST
and uploads anew, up to five times in all. *Final*: trying again changes nothing until somebody acts; the finished
steps are kept.

<!-- Generated from src/contract/errors.ts by \`npm run build\`. -->

| code | what it means | then | what to do |
| --- | --- | --- | --- |
${errorRows.join('\n')}
`;

/** The committed files that are made from the code. The build writes them; a check sees that they are current. */
export const generatedFiles = [
  {
    path: 'schema/upload-request.schema.json',
    content: `${JSON.stringify(z.toJSONSchema(uploadRequestSchema, { io: 'input' }), null, 2)}\n`,
  },
  { path: 'docs/errors.md', content: errorPage },
];
