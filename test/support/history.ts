import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/** Returns a history as Temporal stores it, to search it for secrets. */
export const bytesOf = (history: proto.temporal.api.history.v1.IHistory): Buffer =>
  Buffer.from(History.encode(history).finish());
