export { previewAnalyses } from './previewAnalyses.js';
export { uploadAnalysisFile } from './uploadAnalysisFile.js';
