import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, connect as tlsConnect } from 'node:tls';
import { freePorts } from '../../sandbox/servers/free-ports.js';
import { startServer } from '../../sandbox/servers/server-process.js';
import type { Identity } from './certificates.js';

/** A proxy that terminates mutual TLS and forwards unencrypted gRPC. */
export interface TlsProxy {
  readonly address: string;
  stop(): Promise<void>;
}

/** Options for starting a TLS proxy. */
export interface TlsProxyOptions {
  readonly folder: string;
  /** Certificate of the proxy. */
  readonly own: Identity;
  /** Certificate authority of its clients. */
  readonly clients: Identity;
  /** Host and port to forward to. */
  readonly target: string;
}

/** Whether this machine has nginx. */
export const hasNginx = spawnSync('nginx', ['-v']).status === 0;

/** Starts a proxy that uses Node's TLS and forwards HTTP/2 unchanged. */
export async function startNodeProxy({ own, clients, target }: TlsProxyOptions): Promise<TlsProxy> {
  const [host, port] = target.split(':');
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      key: own.key,
      cert: own.cert,
      ca: clients.cert,
      requestCert: true,
      rejectUnauthorized: true,
      ALPNProtocols: ['h2'],
    },
    (client) => {
      const upstream = connect(Number(port), host);
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => {});
      }
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
      upstream.on('close', () => client.destroy());
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `localhost:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Starts nginx as a gRPC proxy. */
export async function startNginx({ folder, own, clients, target }: TlsProxyOptions): Promise<TlsProxy> {
  const [port = 0] = await freePorts(1);
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  writeFileSync(
    config,
    `daemon off; master_process off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events {}
http {
  access_log off; ${temporary}
  server {
    listen 127.0.0.1:${port} ssl http2;
    ssl_certificate ${own.certFile};
    ssl_certificate_key ${own.keyFile};
    ssl_client_certificate ${clients.certFile};
    ssl_verify_client on;
    client_max_body_size 0;
    location / { grpc_pass grpc://${target}; grpc_read_timeout 5m; }
  }
}
`,
  );
  const server = await startServer({
    name: 'nginx',
    command: 'nginx',
    args: ['-p', folder, '-c', config, '-e', join(folder, 'error.log')],
    logFile: join(folder, 'error.log'),
    ready: () => accepts(port),
    leftovers: [],
    stopSignal: 'SIGKILL',
  });
  return { address: `localhost:${port}`, stop: () => server.stop() };
}

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
