/**
 * `npm run check:deploy`: checks the Dockerfile, the systemd units and the Kubernetes manifest with their own linters, and
 * against the program that they start. Reports the checks that are not possible on this machine.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { fetchWheels } from '../sandbox/servers/wheels.js';
import { UploadError } from '../src/contract/errors.js';
import { type GivenSettings, readGiven, settingVariables } from '../src/settings/given.js';
import { parseGiven } from '../src/settings/load.js';
import { VERSION } from '../src/util/version.js';
import { FORCE_AFTER_GRACE_MS } from '../src/worker.js';
import { generatedFiles } from './generated.js';

const DOCKERFILE = 'Dockerfile';
const UNITS = 'deploy/systemd';
const ENVIRONMENT_FILE = join(UNITS, 'environment');
const MANIFEST = 'deploy/kubernetes/worker.yaml';
const SCHEMAS = 'kubernetes_validate/kubernetes-json-schema/v1.37.0-local-strict';
const COMMAND_OF_UNITS = '/opt/aplos-upload-worker/bin/aplos-upload';
/** Maximum exposure of a unit in `systemd-analyze security`, in tenths: "OK" ends at 2.0. */
const WORST_EXPOSURE = 20;
const GIBI = 1024 ** 3;
/** Variables that neither this program nor Temporal's library reads. */
const FOREIGN_VARIABLES = ['NODE_ENV', 'TMPDIR'];

/** What `npm run build` reads. */
const READ_BY_THE_BUILD = [
  'src',
  'sandbox',
  'client',
  'tools',
  'schema',
  'docs',
  'examples',
  'test',
  'LICENSE',
  ...generatedFiles.map(({ path }) => path),
];

/** Prints findings, one per line. No findings is a success. */
type Findings = readonly string[];

function report(what: string, findings: Findings): void {
  console.log(`${findings.length === 0 ? '✓' : '✗'} ${what}`);
  for (const finding of findings) console.log(`    ${finding}`);
  if (findings.length > 0) process.exitCode = 1;
}

const skip = (what: string, why: string) => console.log(`– ${what}: not checked, ${why}`);

/** A Kubernetes object. */
const objectSchema = z.looseObject({ kind: z.string(), apiVersion: z.string() });

const deploymentSchema = z.object({ spec: z.object({ template: z.object({ spec: z.unknown() }) }) });

const manifestSchema = z.object({
  configMap: z.object({ data: z.object({ 'aplos-upload.toml': z.string() }) }),
  pod: z.object({
    terminationGracePeriodSeconds: z.number(),
    containers: z.tuple([
      z.object({
        image: z.string(),
        args: z.array(z.string()),
        env: z.array(z.object({ name: z.string(), value: z.string() })),
        ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
        volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
      }),
    ]),
    volumes: z.array(
      z.object({ name: z.string(), emptyDir: z.object({ sizeLimit: z.string() }).optional() }),
    ),
  }),
});

type Pod = z.output<typeof manifestSchema>['pod'];
type GivenValues = ReturnType<typeof parseGiven>;

const wheels = await fetchWheels({
  requirements: 'tools/requirements-deploy.txt',
  what: 'hadolint and the schemas of Kubernetes',
  size: '35 MB',
  instead: 'They are required to check deploy/.',
});
const units = readdirSync(UNITS).filter((name) => name.endsWith('.service'));
// Kubernetes reads YAML 1.1, where 0400 is octal.
const documents = parseAllDocuments(readFileSync(MANIFEST, 'utf8'), { version: '1.1' }).map((document) =>
  objectSchema.parse(document.toJS()),
);

report(`${DOCKERFILE}: hadolint`, output(join(wheels, 'bin/hadolint'), ['--no-color', DOCKERFILE]));
report(`${DOCKERFILE}: copied files exist`, missingSources());
report(`${DOCKERFILE}: agrees with the program`, entryProblems());
report(`${MANIFEST}: Kubernetes ${/v[\d.]+\d/.exec(SCHEMAS)}`, documents.flatMap(schemaProblems));
report(`${MANIFEST}: agrees with the program`, manifestProblems());
for (const unit of units) report(`${unit}: agrees with the program`, unitProblems(unit));
report(`${ENVIRONMENT_FILE}: settings`, settingsProblems(pairsOf(readFileSync(ENVIRONMENT_FILE, 'utf8'))));
checkBySystemd();

/** Returns the output of a program that fails, or that should print nothing and does. */
function output(program: string, args: readonly string[], { isQuiet = true } = {}): Findings {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0 && !isQuiet) return [];
  const lines = `${stdout}${stderr}`.split('\n').filter(Boolean);
  return status === 0 ? lines : [...lines, `${program} ended with ${error?.message ?? status}`];
}

/** Checks that the command has the subcommand and the options of each image. */
function entryProblems(): Findings {
  const text = readFileSync(DOCKERFILE, 'utf8').replaceAll('\\\n', '');
  return [...text.matchAll(/^(?:ENTRYPOINT|CMD) (.*)$/gm)]
    .map(([, words = '']) => z.array(z.string()).parse(JSON.parse(words)))
    .map((words) => words.slice(words.indexOf('aplos-upload') + 1))
    .filter((words) => words.length > 0)
    .flatMap(commandProblems);
}

function missingSources(): Findings {
  const copied = [...readFileSync(DOCKERFILE, 'utf8').matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(
    ([, paths = '']) => paths.split(' '),
  );
  const sent = [...readFileSync('.dockerignore', 'utf8').matchAll(/^!(.+)$/gm)].map(([, path = '']) => path);
  return [
    ...[...copied, ...sent, ...READ_BY_THE_BUILD]
      .filter((path) => !existsSync(path))
      .map((path) => `there is no ${path}`),
    ...[...copied, ...READ_BY_THE_BUILD]
      .filter((path) => path !== '.' && !sent.some((each) => `${path}/`.startsWith(`${each}/`)))
      .map((path) => `.dockerignore holds ${path} back`),
  ];
}

function schemaProblems(document: z.output<typeof objectSchema>): Findings {
  const folder = join(wheels, SCHEMAS);
  const name = [document.kind, ...document.apiVersion.split('/').map((part) => part.replace(/\..*/, ''))];
  const schema = (file: string) => JSON.parse(readFileSync(join(folder, file), 'utf8'));
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(schema('_definitions.json'), '_definitions.json');
  const validate = ajv.compile(schema(`${name.join('-').toLowerCase()}.json`));
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) =>
      `${document.kind}${instancePath}: ${message} ${JSON.stringify(params)}`,
  );
}

function manifestProblems(): Findings {
  const kind = (name: string) => documents.find((document) => document.kind === name);
  const { configMap, pod } = manifestSchema.parse({
    configMap: kind('ConfigMap'),
    pod: deploymentSchema.parse(kind('Deployment')).spec.template.spec,
  });
  const [container] = pod.containers;
  const variables = new Map(container.env.map(({ name, value }) => [name, value]));
  const configPath = variables.get('APLOS_UPLOAD_SETTINGS') ?? '';
  const folder = mkdtempSync(join(tmpdir(), 'aplos-check-deploy-'));
  try {
    const file = join(folder, 'aplos-upload.toml');
    writeFileSync(file, configMap.data['aplos-upload.toml']);
    variables.set('APLOS_UPLOAD_SETTINGS', file);
    const wrongSettings = settingsProblems(variables);
    if (wrongSettings.length > 0) return wrongSettings.map((problem) => problem.replaceAll(file, configPath));
    const given = readGiven(Object.fromEntries(variables));
    const values = parseGiven(given);
    return [
      ...graceProblems(pod.terminationGracePeriodSeconds, values),
      ...spoolProblems(pod, values),
      ...mountProblems(container, [configPath, '/tmp', ...pathsIn(given, values)]),
      ...portProblems(container, values),
      ...commandProblems(container.args),
      ...(container.image.endsWith(`:${VERSION}`)
        ? []
        : [`the image is ${container.image}, the version ${VERSION}`]),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function spoolProblems({ volumes }: Pod, { concurrency = 0, spoolLimitBytes = 0 }: GivenValues): Findings {
  const sizeLimit = volumes.find(({ emptyDir }) => emptyDir)?.emptyDir?.sizeLimit;
  const needed = `${(concurrency * spoolLimitBytes) / GIBI}Gi`;
  return sizeLimit === needed
    ? []
    : [`the sizeLimit ${sizeLimit} is not concurrency × spool_limit, ${needed}`];
}

/** Checks that metrics and health are served on the ports that the probes and Prometheus use. */
function portProblems({ ports }: Pod['containers'][0], { metrics, health }: GivenValues): Findings {
  return Object.entries({ metrics, health })
    .filter(([name, address]) => address?.port !== ports.find((port) => port.name === name)?.containerPort)
    .map(
      ([name, address]) =>
        `${name} is served on ${address ? `port ${address.port}` : 'no port'}, which is not the port ${name}`,
    );
}

function pathsIn({ settings, profiles }: GivenSettings, { uploadRoots = [] }: GivenValues) {
  return [
    settings.get('APLOS_UPLOAD_ENCRYPTION_KEY_FILE')?.text,
    ...uploadRoots,
    ...[...profiles.values()].map((profile) => profile.get('COGNITO_PASSWORD_FILE')?.text),
  ];
}

function mountProblems(
  { volumeMounts }: Pod['containers'][0],
  paths: readonly (string | undefined)[],
): Findings {
  const isMounted = (path = '') =>
    volumeMounts.some(({ mountPath }) => `${path}/`.startsWith(`${mountPath}/`));
  return paths.filter((path) => !isMounted(path)).map((path) => `nothing is mounted where ${path} is`);
}

function unitProblems(unit: string): Findings {
  const text = readFileSync(join(UNITS, unit), 'utf8');
  const values = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
  const credentials = values('LoadCredential').map((value) => value.split(':')[0] ?? '');
  const asked = [...text.matchAll(/%d\/([\w.-]+)/g)].map(([, name = '']) => name);
  const [, command, args = ''] = /^(\S+) (.*)$/.exec(values('ExecStart')[0] ?? '') ?? [];
  return [
    ...unknownVariables(pairsOf(values('Environment').join('\n')).keys()),
    ...asked.filter((name) => !credentials.includes(name)).map((name) => `${name} is not loaded`),
    ...credentials.filter((name) => !asked.includes(name)).map((name) => `${name} is loaded for nothing`),
    ...(command === COMMAND_OF_UNITS ? [] : [`it starts ${command}, not ${COMMAND_OF_UNITS}`]),
    ...commandProblems(args.split(' ')),
    ...(args.startsWith('worker') ? graceProblems(Number(values('TimeoutStopSec')[0])) : []),
  ];
}

/** A supervisor must not kill the worker before it has released its tasks. */
function graceProblems(
  seconds: number,
  { shutdownGraceMs = 0 }: GivenValues = parseGiven(readGiven({})),
): Findings {
  const needed = (shutdownGraceMs + FORCE_AFTER_GRACE_MS) / 1000;
  return seconds > needed
    ? []
    : [`it is killed after ${seconds} s, but the worker may take ${needed} s to stop`];
}

/** Checks that the help of the command lists the subcommand and its options. */
function commandProblems([subcommand = '', ...rest]: readonly string[]): Findings {
  const help = execFileSync(process.execPath, ['dist/cli.js', subcommand, '--help'], { encoding: 'utf8' });
  if (!help.startsWith(`Usage: aplos-upload ${subcommand} `)) return [`there is no command ${subcommand}`];
  return rest
    .filter((word) => word.startsWith('--') && !help.includes(`${word} `))
    .map((option) => `${subcommand} has no option ${option}`);
}

function settingsProblems(variables: ReadonlyMap<string, string>): Findings {
  try {
    parseGiven(readGiven(Object.fromEntries(variables)));
    return unknownVariables(variables.keys());
  } catch (error) {
    if (!(error instanceof UploadError)) throw error;
    return [error.message];
  }
}

function unknownVariables(names: Iterable<string>): Findings {
  const documented = readFileSync('docs/reference/settings.md', 'utf8');
  return [...names]
    .filter(
      (name) =>
        !settingVariables.includes(name) &&
        !FOREIGN_VARIABLES.includes(name) &&
        !(name.startsWith('TEMPORAL_') && documented.includes(`\`${name}\``)),
    )
    .map((name) => `${name} is not a setting`);
}

/** Parses `NAME=value` lines. All other lines are comments. */
function pairsOf(lines: string): ReadonlyMap<string, string> {
  return new Map([...lines.matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]));
}

function checkBySystemd(): void {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    for (const unit of units) skip(`${unit}: systemd-analyze`, 'there is no systemd-analyze on the PATH');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'aplos-check-deploy-'));
  try {
    for (const unit of units) {
      const path = join(folder, unit);
      // systemd checks that the command exists, but it is not installed here.
      const text = readFileSync(join(UNITS, unit), 'utf8').replaceAll(COMMAND_OF_UNITS, process.execPath);
      writeFileSync(path, text);
      report(`${unit}: systemd-analyze verify`, output('systemd-analyze', ['verify', path]));
      const security = ['security', '--offline=true', `--threshold=${WORST_EXPOSURE}`, '--no-pager', path];
      report(
        `${unit}: systemd-analyze security`,
        output('systemd-analyze', security, { isQuiet: false }).filter((line) => !line.startsWith('✓')),
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}
