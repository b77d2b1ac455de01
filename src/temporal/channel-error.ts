import { status as grpcStatus, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { Connection } from '@temporalio/client';

/** Time for the channel to report its last error, in milliseconds. It knows it already. */
const LIMIT_MS = 500;
/** Any method: a channel without a connection fails before it sends anything. */
const METHOD = '/grpc.health.v1.Health/Check';

/**
 * Returns why a connection has no channel, e.g. that the name cannot be resolved or the connection is refused. The error of
 * waiting for a connection only says that time is up.
 *
 * @returns `undefined` if the channel does not know
 */
export const channelError = (connection: Connection): Promise<ServiceError | undefined> =>
  new Promise((resolve) => {
    const same = (bytes: Buffer) => bytes;
    const deadline = Date.now() + LIMIT_MS;
    // biome-ignore lint/complexity/useLiteralKeys: it is protected, and calls of the public services are retried
    connection['client'].makeUnaryRequest(
      METHOD,
      same,
      same,
      Buffer.alloc(0),
      new Metadata(),
      { deadline },
      (error) => resolve(error?.code === grpcStatus.UNAVAILABLE ? error : undefined),
    );
  });
