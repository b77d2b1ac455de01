import { expect, vi } from 'vitest';
import type { World } from './world.js';

/** Waits until Temporal's list of workflows, which lags behind, has so many that match a query. */
export const untilListed = ({ client }: Pick<World, 'client'>, query: string, count = 1): Promise<void> =>
  vi.waitFor(async () => expect((await client.workflow.count(query)).count).toBe(count), {
    timeout: 90_000,
    interval: 50,
  });
