import { defineWorkflowOptions } from '@temporalio/workflow';
import { SUBSCRIPTION_WORKFLOW_TYPE } from '../contract/names.js';
import type { Subscription } from '../contract/subscription.js';
import { readSubscription } from './activities.js';
import { workflowFailure } from './failures.js';
import { undecodedArguments } from './undecoded-arguments.js';

/**
 * Asks Aplos what the subscription of a profile has left. Changes nothing. It is a workflow, as only workers have an account at
 * Aplos.
 *
 * @param input one `SubscriptionInput`, undecoded, so that a malformed argument fails the workflow instead of blocking it
 * @throws ApplicationFailure with a code of the error table as its type
 */
export async function previewSubscription(...input: unknown[]): Promise<Subscription> {
  try {
    const [subscription] = await readSubscription(input[0], input.length);
    return subscription;
  } catch (error) {
    throw workflowFailure(error, SUBSCRIPTION_WORKFLOW_TYPE);
  }
}

defineWorkflowOptions(previewSubscription, { staticOptions: undecodedArguments });
