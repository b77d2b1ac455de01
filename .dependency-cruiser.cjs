/** Who may import whom: the rules of docs/architecture.md. @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'workflows-do-no-io',
      comment: 'Workflow code is deterministic: it imports Temporal, the contract, and nothing else.',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: { pathNot: ['^src/workflows', '^src/contract', 'node_modules/@temporalio/(workflow|common)/'] },
    },
    {
      name: 'workflows-take-types-only-from-the-contract',
      comment: 'Other than types, only files that import nothing: Zod would make the bundle 4 MB large.',
      severity: 'error',
      from: { path: '^src/workflows' },
      to: {
        path: '^src/contract',
        pathNot: '^src/contract/(names|source|trace-names|priority|error-table)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'what-workflows-take-from-the-contract-stands-alone',
      severity: 'error',
      from: { path: '^src/contract/(names|source|trace-names|priority|error-table)\\.ts$' },
      to: { path: '.' },
    },
    {
      name: 'packages-know-nothing-of-temporal',
      comment: 'Only activities join the packages with Temporal.',
      severity: 'error',
      from: { path: '^src/(aplos|s3|files|http|contract)' },
      to: { path: ['node_modules/@temporalio/', '^src/(activities|workflows|temporal)'] },
    },
    {
      name: 'the-product-does-not-know-its-sandbox',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(sandbox|test|bench|tools)' },
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
