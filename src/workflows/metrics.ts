import { metricMeter, type WorkflowInterceptors, workflowInfo } from '@temporalio/workflow';
import { WORKFLOW_TYPE } from '../contract/names.js';
import { outcomeOf } from './outcome.js';

const uploads = metricMeter.createCounter('aplos_uploads', undefined, 'Uploads that have ended');

/** Counts each run of an upload once, when it ends. Temporal's re-execution of a history does not count. */
export function interceptors(): WorkflowInterceptors {
  if (workflowInfo().workflowType !== WORKFLOW_TYPE) return {};
  return {
    inbound: [
      {
        async execute(input, next) {
          try {
            const receipt = await next(input);
            uploads.add(1, { result: 'done', code: '' });
            return receipt;
          } catch (error) {
            uploads.add(1, outcomeOf(error));
            throw error;
          }
        },
      },
    ],
  };
}
