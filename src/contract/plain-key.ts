/**
 * Returns a key without its case, underscores and hyphens. Version 3 of the API changes the case of keys in its responses:
 * `tracking_id`, `trackingId` and `TrackingId` are one key.
 */
export const plainKey = (key: string): string => key.replace(/[_-]/g, '').toLowerCase();
