import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Deadline,
  status as grpcStatus,
  InterceptingCall,
  type Interceptor,
  type InterceptorOptions,
  ListenerBuilder,
  RequesterBuilder,
} from '@grpc/grpc-js';
import { defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';

/** Time limit of one attempt of a call, in milliseconds. */
const ATTEMPT_LIMIT_MS = 15_000;
/** Time limit of a call that waits for a workflow, in milliseconds. Temporal responds within 30 s. */
const LONG_POLL_LIMIT_MS = 35_000;
const LONG_POLL = /\/(GetWorkflowExecutionHistory|QueryWorkflow)$/;
/** Attempts of a call while Temporal is unreachable. They take about 3 s. */
const MAX_ATTEMPTS = 6;
/** Longest wait for calls in progress when a connection is closed, in milliseconds. */
const CLOSE_LIMIT_MS = 20_000;

/** Limits the time of each call of a connection, retries calls, and knows which are in progress. */
export class OpenCalls {
  readonly #calls = new Map<InterceptingCall, { readonly isLongPoll: boolean }>();
  #onIdle = () => {};

  /** The interceptors of the connection. */
  readonly interceptors: Interceptor[] = [
    (options, nextCall) => this.#track(options, nextCall),
    makeGrpcRetryInterceptor(retryOptions),
    (options, nextCall) =>
      new InterceptingCall(nextCall({ ...options, deadline: earlier(options.deadline, limitOf(options)) })),
  ];

  /**
   * Waits until no call is in progress. A channel that is closed earlier throws in the timers of its retries. Calls that only
   * wait for the end of a workflow are aborted.
   */
  async ended(): Promise<void> {
    if (this.#calls.size === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#onIdle = resolve;
    });
    for (const [call, { isLongPoll }] of this.#calls)
      if (isLongPoll) call.cancelWithStatus(grpcStatus.CANCELLED, 'the connection is closed');
    await Promise.race([idle, sleep(CLOSE_LIMIT_MS, undefined, { ref: false })]);
  }

  #track(options: InterceptorOptions, nextCall: Parameters<Interceptor>[1]): InterceptingCall {
    const end = () => {
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#onIdle();
    };
    const requester = new RequesterBuilder()
      .withStart((metadata, _listener, next) => {
        this.#calls.set(call, { isLongPoll: isLongPoll(options) });
        const listener = new ListenerBuilder()
          .withOnReceiveStatus((status, nextStatus) => {
            end();
            nextStatus(status);
          })
          .build();
        try {
          next(metadata, listener);
        } catch (error) {
          end();
          throw error;
        }
      })
      .build();
    const call = new InterceptingCall(nextCall(options), requester);
    return call;
  }
}

const isLongPoll = ({ method_definition: { path } }: InterceptorOptions) => LONG_POLL.test(path);

const limitOf = (options: InterceptorOptions) =>
  Date.now() + (isLongPoll(options) ? LONG_POLL_LIMIT_MS : ATTEMPT_LIMIT_MS);

const earlier = (a: Deadline | undefined, b: number): number => Math.min(a === undefined ? b : Number(a), b);

const sdkOptions = defaultGrpcRetryOptions();

/** Retries as the SDK does, but reports within a few seconds that Temporal is unreachable. */
const retryOptions: typeof sdkOptions = {
  ...sdkOptions,
  retryableDecider: (attempt, status) =>
    sdkOptions.retryableDecider(attempt, status) &&
    (status.code === grpcStatus.RESOURCE_EXHAUSTED || attempt < MAX_ATTEMPTS),
};
