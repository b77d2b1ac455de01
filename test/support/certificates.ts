import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether this machine has openssl. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A key and its certificate, as PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** A key and its certificate, as PEM and as files. */
export interface Identity extends KeyAndCertificate {
  readonly keyFile: string;
  readonly certFile: string;
}

const DAY = 24 * 60 * 60 * 1000;

/** Creates a certificate authority. */
export function createCa(folder: string, name: string): Identity {
  const subject = ['-subj', `/CN=${name}`, '-addext', 'basicConstraints=critical,CA:TRUE'];
  return create(folder, name, (key, cert) =>
    openssl('req', '-x509', ...newKey, '-days', '2', ...subject, '-keyout', key, '-out', cert),
  );
}

/** Creates a certificate for 127.0.0.1, `localhost` and further names, signed by a certificate authority. */
export function createCertificate(
  folder: string,
  name: string,
  ca: Identity,
  { expired = false, names = [] }: { expired?: boolean; names?: readonly string[] } = {},
): Identity {
  const request = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  const all = ['IP:127.0.0.1', 'DNS:localhost', ...names.map((each) => `DNS:${each}`)];
  writeFileSync(extensions, `subjectAltName=${all.join(',')}\n`);
  const [from, to] = expired ? [-2 * DAY, -DAY] : [-DAY, DAY];
  return create(folder, name, (key, cert) => {
    openssl('req', ...newKey, '-subj', `/CN=${name}`, '-keyout', key, '-out', request);
    const database = join(folder, `${name}.db`);
    const config = join(folder, `${name}.cnf`);
    writeFileSync(database, '');
    writeFileSync(
      config,
      `[ca]\ndefault_ca=a\n[a]\ndatabase=${database}\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n`,
    );
    openssl(
      'ca',
      '-batch',
      '-notext',
      '-config',
      config,
      '-cert',
      ca.certFile,
      '-keyfile',
      ca.keyFile,
      '-in',
      request,
      '-out',
      cert,
      '-extfile',
      extensions,
      '-startdate',
      time(from),
      '-enddate',
      time(to),
    );
  });
}

/** Creates a self-signed certificate for 127.0.0.1 and `files.test`. */
export function createSelfSigned(): KeyAndCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'certificate-'));
  const names = ['-subj', '/CN=files.test', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:files.test'];
  try {
    return create(folder, 'self', (key, cert) =>
      openssl('req', '-x509', ...newKey, '-days', '2', ...names, '-keyout', key, '-out', cert),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

const time = (fromNowMs: number) =>
  new Date(Date.now() + fromNowMs)
    .toISOString()
    .replace(/\.\d+Z|[-:T]/g, (found) => (found.endsWith('Z') ? 'Z' : ''));

function create(folder: string, name: string, run: (key: string, cert: string) => void): Identity {
  const keyFile = join(folder, `${name}-key.pem`);
  const certFile = join(folder, `${name}.pem`);
  run(keyFile, certFile);
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
