export { cancelExecutions } from './cancelExecutions.js';
export { fetchUploadResults } from './fetchUploadResults.js';
export { notifyBatch } from './notifyBatch.js';
export { notifyUpload } from './notifyUpload.js';
export { previewAnalyses } from './previewAnalyses.js';
export { previewSubscription } from './previewSubscription.js';
export { uploadAnalysisFile } from './uploadAnalysisFile.js';
