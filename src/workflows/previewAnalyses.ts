import { defineWorkflowOptions } from '@temporalio/workflow';
import { PREVIEW_WORKFLOW_TYPE } from '../contract/names.js';
import type { AnalysisFinding } from '../contract/preview.js';
import { findAnalyses } from './activities.js';
import { workflowFailure } from './failures.js';
import { undecodedArguments } from './undecoded-arguments.js';

/**
 * Asks Aplos which analyses it has. Changes nothing. It is a workflow, as only workers have an account at Aplos.
 *
 * @param input one `PreviewInput`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @returns one finding for each analysis, in order
 * @throws ApplicationFailure with a code of the error table as its type
 */
export async function previewAnalyses(...input: unknown[]): Promise<readonly AnalysisFinding[]> {
  try {
    return await findAnalyses(input[0], input.length);
  } catch (error) {
    throw workflowFailure(error, PREVIEW_WORKFLOW_TYPE);
  }
}

defineWorkflowOptions(previewAnalyses, { staticOptions: undecodedArguments });
