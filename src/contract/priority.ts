/** Priority in a task queue of Temporal: lower priority keys run first, and within one key, fairness keys share the capacity. */
export interface Priority {
  readonly priorityKey: number;
  readonly fairnessKey: string;
}

/** Temporal allows 64 bytes, and a character has up to 4. The last characters are kept, because names usually differ there. */
const MAX_KEY_CHARACTERS = 16;

/**
 * Returns the priorities of an upload: `waiting` for its first step, `started` for the steps after it. Single uploads run before
 * batches. Within each group, uploads in progress run before new ones, so that no presigned POST expires in the queue. Batches,
 * and the accounts of single uploads, share the capacity. Safe for workflow code.
 */
export function priorityFor({ batch, profile }: { batch?: string | undefined; profile: string }): {
  readonly started: Priority;
  readonly waiting: Priority;
} {
  const priorityKey = batch === undefined ? 1 : 3;
  const fairnessKey = [...(batch ?? profile)].slice(-MAX_KEY_CHARACTERS).join('');
  return { started: { priorityKey, fairnessKey }, waiting: { priorityKey: priorityKey + 1, fairnessKey } };
}
