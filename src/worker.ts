export {
  createUploadWorker,
  FORCE_AFTER_GRACE_MS,
  type UploadWorker,
} from './worker/create-upload-worker.js';
