import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/** A history as the bytes that Temporal stores: to search them for what must not be there. */
export const bytesOf = (history: proto.temporal.api.history.v1.IHistory): Buffer =>
  Buffer.from(History.encode(history).finish());
