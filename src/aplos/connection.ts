/** Access to the API of Aplos, whatever its version: login, token renewal, throttling, and one authenticated call. */
export { type ApiCall, AplosConnection } from './connection/aplos-connection.js';
export type { Login } from './connection/session.js';
