/**
 * Suspends this process, once, when everything is checked and the start of an execution is about to be sent, or when the second
 * list of executions has arrived, which a start reads if the first one could not be read ahead. For NODE_OPTIONS=--import. FREEZE_AT
 * names the moment: `before-start` or `after-list`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const [channel, method, path, before] =
  process.env.FREEZE_AT === 'after-list'
    ? ['undici:request:trailers', 'GET', /\/executions$/, 1]
    : ['undici:request:create', 'POST', /\/(nca\/executions|analysis\/queue)$/, 0];
let requests = 0;

subscribe(channel, function freeze({ request }) {
  if (request.method !== method || !path.test(request.path)) return;
  if (requests++ < before) return;
  unsubscribe(channel, freeze);
  process.kill(process.pid, 'SIGSTOP');
});
