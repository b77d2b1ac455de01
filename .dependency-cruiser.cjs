/**
 * The rooms of src from top to bottom, and the rooms that each of them may import. A room may import only rooms below it.
 *
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const rooms = {
  cli: [
    'watch',
    'worker',
    'client',
    'telemetry',
    'temporal',
    'webhooks',
    'aplos',
    'qualification',
    'archive',
    's3',
    'files',
    'settings',
    'records',
    'http',
    'contract',
    'util',
  ],
  watch: ['client', 'temporal', 'files', 'settings', 'contract', 'util'],
  worker: [
    'activities',
    'nexus',
    'telemetry',
    'temporal',
    'webhooks',
    'aplos',
    'archive',
    'results',
    'files',
    'settings',
    'http',
    'contract',
    'util',
  ],
  client: ['temporal', 'files', 'settings', 'http', 'contract', 'util'],
  workflows: ['contract', 'util'],
  activities: [
    'temporal',
    'webhooks',
    'aplos',
    'archive',
    'results',
    's3',
    'files',
    'records',
    'http',
    'contract',
    'util',
  ],
  telemetry: ['temporal', 'aplos', 'http', 'contract', 'util'],
  temporal: ['settings', 'http', 'contract', 'util'],
  webhooks: ['http', 'contract', 'util'],
  aplos: ['settings', 'http', 'contract', 'util'],
  qualification: ['results', 'files', 'records', 'contract', 'util'],
  archive: ['files', 'records', 'http', 'contract', 'util'],
  results: ['s3', 'files', 'http', 'contract', 'util'],
  s3: ['files', 'http', 'contract', 'util'],
  files: ['http', 'contract', 'util'],
  settings: ['records', 'http', 'contract', 'util'],
  records: ['contract', 'util'],
  http: ['contract', 'util'],
  nexus: ['contract', 'util'],
  contract: ['util'],
  util: [],
};

const names = Object.keys(rooms);
for (const [room, imports] of Object.entries(rooms))
  for (const each of imports)
    if (names.indexOf(each) <= names.indexOf(room)) throw new Error(`${each} is not below ${room}`);

/** @param {readonly string[]} of */
const filesOf = (of) => `^src/(${of.join('|')})(/|\\.ts$)`;

/** Files of the contract that the workflow bundle may contain. They import nothing but types. */
const BUNDLED =
  '^src/contract/(execution-progress|execution-status|extension|names|sections|source|trace-names|priority|error-table|search-attributes|json|batches|failing-step|readable-hint|untrusted|waiting-start|results-location)\\.ts$';

/** Helpers that the workflow bundle may contain. They import nothing but each other. */
const BUNDLED_HELPERS = '^src/util/(printable|escape-markdown|shell-word)\\.ts$';

/** The rules of docs/contributing/architecture.md. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...Object.entries(rooms).map(([room, imports]) => ({
      name: `${room}-imports-only-rooms-below-it`,
      comment: `Of src, ${room} may import: ${imports.join(', ') || 'nothing'}.`,
      severity: 'error',
      from: { path: filesOf([room]) },
      to: { path: '^src/', pathNot: filesOf([room, ...imports]) },
    })),
    {
      name: 'every-file-is-in-a-room',
      comment: 'Add a new room to the table above.',
      severity: 'error',
      from: { path: '^src/', pathNot: filesOf(names) },
      to: { path: '.' },
    },
    {
      name: 'doors-open-their-own-room',
      comment: 'A door is an entry point, or exports from its room and the contract.',
      severity: 'error',
      from: { path: '^src/([^/]+)\\.ts$' },
      to: { pathNot: '^src/($1|contract)/' },
    },
    {
      name: 'the-worker-is-entered-by-its-door',
      severity: 'error',
      from: { pathNot: '^src/worker(/|\\.ts$)' },
      to: { path: '^src/worker/' },
    },
    {
      name: 'workflows-do-no-io',
      comment: 'Workflow code is deterministic: it imports Temporal, the contract, and a few helpers.',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: {
        pathNot: [
          '^src/workflows',
          '^src/contract',
          BUNDLED_HELPERS,
          'node_modules/@temporalio/(workflow|common)/',
        ],
      },
    },
    {
      name: 'workflows-bundle-only-plain-files-of-the-contract',
      comment: 'Other than types, only files that import nothing: Zod would make the bundle 4 MB large.',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: { path: '^src/contract', pathNot: BUNDLED, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'bundled-files-of-the-contract-import-only-types',
      severity: 'error',
      from: { path: BUNDLED },
      to: { path: '.', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'bundled-helpers-import-only-each-other',
      severity: 'error',
      from: { path: BUNDLED_HELPERS },
      to: { pathNot: BUNDLED_HELPERS },
    },
    {
      name: 'only-rooms-around-temporal-import-temporal',
      comment: 'Activities join the other rooms with Temporal.',
      severity: 'error',
      from: {
        path: filesOf(['aplos', 'archive', 'results', 's3', 'files', 'http', 'settings', 'contract', 'util']),
      },
      to: { path: 'node_modules/(@temporalio|@grpc)/' },
    },
    {
      name: 'the-product-does-not-import-its-sandbox',
      comment: 'The command that runs it does.',
      severity: 'error',
      from: { path: '^src', pathNot: '^src/cli/commands/sandbox/' },
      to: { path: '^sandbox' },
    },
    {
      name: 'what-is-installed-imports-only-what-is-installed',
      severity: 'error',
      from: { path: '^(src|sandbox)', pathNot: '^sandbox/demo\\.ts$' },
      to: { path: '^(test|bench|tools)' },
    },
    {
      name: 'the-sandbox-does-not-import-the-command',
      severity: 'error',
      from: { path: '^sandbox', pathNot: '^sandbox/demo\\.ts$' },
      to: { path: '^src/cli' },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src', pathNot: '\\.d\\.ts$' },
      to: {},
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
  },
};
