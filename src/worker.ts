export { createUploadWorker, type UploadWorker } from './worker/create-upload-worker.js';
export { FORCE_AFTER_GRACE_MS } from './worker/options.js';
