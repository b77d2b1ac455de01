export { uploadAnalysisFile } from './uploadAnalysisFile.js';
