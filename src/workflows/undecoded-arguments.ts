import { rawValueTypeInfo } from '@temporalio/common';

/** More arguments than any client sends. Temporal decodes the arguments after these, which blocks the workflow if it fails. */
const MAX_ARGUMENTS = 16;

/** Definition options of a workflow or signal that decodes its arguments itself, so that malformed ones do not block it. */
export const undecodedArguments = {
  typeInfo: { inputTypes: Array.from({ length: MAX_ARGUMENTS }, () => rawValueTypeInfo) },
};
