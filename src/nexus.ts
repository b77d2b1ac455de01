export { aplosUploadService, NEXUS_SERVICE } from './nexus/service.js';
