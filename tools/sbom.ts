import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** Licences, as SPDX expressions, of packages that are installed with this one. None of them makes conditions on programs that use it. */
const ALLOWED = [
  'Apache-2.0 AND MIT',
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'Unlicense',
  'BlueOak-1.0.0',
  // Data about browsers, which is used unchanged.
  'CC-BY-4.0',
];
/** Licences of packages that only build and test this one, and are not installed with it. */
const ALLOWED_FOR_DEVELOPMENT = [...ALLOWED, 'MIT OR Apache-2.0', 'MPL-2.0'];
/** Licences that were read in the package itself, because its package.json does not name them. */
const READ_BY_HAND: Readonly<Record<string, string>> = { unionfs: 'Unlicense' };

const componentSchema = z.looseObject({
  'bom-ref': z.string(),
  name: z.string(),
  licenses: z
    .array(
      z.union([
        z.object({ license: z.object({ id: z.string() }) }).transform(({ license }) => license.id),
        z.object({ expression: z.string() }).transform(({ expression }) => expression),
        z.unknown().transform(() => 'unknown'),
      ]),
    )
    .default([]),
});
const bomSchema = z.looseObject({
  metadata: z.looseObject({ component: z.looseObject({ name: z.string() }) }),
  components: z.array(z.looseObject({ 'bom-ref': z.string() })),
  dependencies: z.array(z.looseObject({ ref: z.string() })),
});
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ name: z.string().optional(), version: z.string(), dev: z.boolean().default(false) }),
  ),
});

const readBom = () =>
  bomSchema.parse(
    JSON.parse(
      execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      }),
    ),
  );

/** Returns the packages, as name@version, that are installed with this one. `npm sbom --omit=dev` misses those that tests use too. */
function installedPackages(): Set<string> {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync('package-lock.json', 'utf8')));
  return new Set(
    Object.entries(packages).flatMap(([path, { name, version, dev }]) =>
      path === '' || dev ? [] : [`${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`],
    ),
  );
}

/** Returns the SBOM of what is installed with the package: CycloneDX, and the same text for the same lock file. */
export function softwareBillOfMaterials(): string {
  const { serialNumber: _, metadata, components, dependencies, ...rest } = readBom();
  const { timestamp: __, tools: ___, component, ...others } = metadata;
  const { name } = z.object({ name: z.string() }).parse(JSON.parse(readFileSync('package.json', 'utf8')));
  const installed = installedPackages();
  const isInstalled = (ref: string) => ref === component['bom-ref'] || installed.has(ref);
  return JSON.stringify(
    {
      ...rest,
      metadata: { ...others, component: { ...component, name } },
      components: components.filter((each) => isInstalled(each['bom-ref'])),
      dependencies: dependencies
        .filter(({ ref }) => isInstalled(ref))
        .map(({ ref, dependsOn }) => ({
          ref,
          dependsOn: z.array(z.string()).default([]).parse(dependsOn).filter(isInstalled),
        })),
    },
    undefined,
    1,
  );
}

/** Returns the packages whose licence is not on its list, each with its licence. */
export function forbiddenLicences(): string[] {
  const installed = installedPackages();
  return readBom().components.flatMap((each) => {
    const component = componentSchema.parse(each);
    const { 'bom-ref': ref, name, licenses } = component;
    const allowed = installed.has(ref) ? ALLOWED : ALLOWED_FOR_DEVELOPMENT;
    const named = licenses.join(' AND ') || READ_BY_HAND[name] || 'no licence';
    return allowed.includes(named) ? [] : [`${ref}: ${named}`];
  });
}
