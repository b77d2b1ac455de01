/** Starts both servers, prints their process ids, and waits to be killed. */
import { startSeaweed } from '../../sandbox/servers/seaweed.js';
import { startTemporalDevServer } from '../../sandbox/servers/temporal.js';

const servers = await Promise.all([startSeaweed(), startTemporalDevServer()]);
console.log(JSON.stringify(servers.map(({ pid }) => pid)));
setInterval(() => {}, 1_000);
