export { cancelExecutions } from './cancelExecutions.js';
export { previewAnalyses } from './previewAnalyses.js';
export { previewSubscription } from './previewSubscription.js';
export { uploadAnalysisFile } from './uploadAnalysisFile.js';
