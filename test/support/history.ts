import proto from '@temporalio/proto';

const { History } = proto.temporal.api.history.v1;

/** Returns a history as Temporal stores it, to search it for secrets. */
export const bytesOf = (history: proto.temporal.api.history.v1.IHistory): Buffer =>
  Buffer.from(History.encode(history).finish());

/** Returns the steps that a history records, in order: its activities, and the local activities that ended without an error. */
export const stepsIn = ({ events }: proto.temporal.api.history.v1.IHistory): (string | null | undefined)[] =>
  (events ?? []).flatMap(
    ({ activityTaskScheduledEventAttributes: scheduled, markerRecordedEventAttributes: marker }) => {
      const [local] = marker?.details?.data?.payloads ?? [];
      if (scheduled) return [scheduled.activityType?.name];
      return local && !marker?.failure
        ? [JSON.parse(Buffer.from(local.data ?? []).toString()).activity_type]
        : [];
    },
  );
