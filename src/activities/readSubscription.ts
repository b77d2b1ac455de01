import { parseSubscriptionInput, type Subscription } from '../contract/subscription.js';
import { shortenText } from '../util/shorten-text.js';
import type { ActivityDependencies } from './dependencies.js';
import { decodeInput } from './raw-input.js';

/** Asks Aplos what it reports about the subscription of a profile. Changes nothing. Returns a list, as the result of an activity must not look like its input. */
export const readSubscription =
  ({ api }: Pick<ActivityDependencies, 'api'>) =>
  async (input: unknown, argumentCount: number): Promise<[Subscription]> => {
    const { profile } = parseSubscriptionInput(decodeInput(input, argumentCount));
    const { plan, status, ...numbers } = await api(profile).subscription();
    const subscription = {
      ...(plan === undefined ? {} : { plan: shortenText(plan) }),
      ...(status === undefined ? {} : { status: shortenText(status) }),
      ...numbers,
    };
    return [subscription];
  };
