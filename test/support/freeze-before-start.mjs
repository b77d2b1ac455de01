/**
 * Suspends this process, once, when everything is checked and the start of an execution is about to be sent, or when a list of
 * executions has arrived. For NODE_OPTIONS=--import. FREEZE_AT names the moment: `before-start` or `after-list`.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';

const [channel, method, path] =
  process.env.FREEZE_AT === 'after-list'
    ? ['undici:request:trailers', 'GET', /\/executions$/]
    : ['undici:request:create', 'POST', /\/(nca\/executions|analysis\/queue)$/];

subscribe(channel, function freeze({ request }) {
  if (request.method !== method || !path.test(request.path)) return;
  unsubscribe(channel, freeze);
  process.kill(process.pid, 'SIGSTOP');
});
