/** A rank in a queue, as Temporal has it: the lowest priority key comes first, and equal ones take turns by fairness key. */
export interface Priority {
  readonly priorityKey: number;
  readonly fairnessKey: string;
}

/** Temporal takes 64 bytes, and a character has up to four. Names differ at their ends. */
const MAX_CHARACTERS = 16;

/**
 * When an upload gets its turn where there is a queue. A single upload goes before a batch; and what has begun goes
 * on before another begins, so that no form expires in the queue. Uploads of equal rank take turns by batch, or
 * else by account, so that none of these starves another. Safe for workflow code.
 */
export function priorityFor({ batch, profile }: { batch?: string | undefined; profile: string }): {
  readonly started: Priority;
  readonly waiting: Priority;
} {
  const rank = batch === undefined ? 1 : 3;
  const fairnessKey = [...(batch ?? profile)].slice(-MAX_CHARACTERS).join('');
  return { started: { priorityKey: rank, fairnessKey }, waiting: { priorityKey: rank + 1, fairnessKey } };
}
