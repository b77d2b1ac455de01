/** The requirements, and the tests that are tagged with each of them, as pages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { REQUIREMENTS } from '../src/qualification/requirements.js';

/** A test that is tagged with a requirement. */
export interface TracedTest {
  readonly requirement: string;
  readonly file: string;
  /** Names of the groups that it is in, and its own. That of a group stands for all of its tests. */
  readonly names: readonly string[];
}

const TEST_FUNCTIONS = ['describe', 'it', 'test'];
const TAG = /^REQ-\d{2}$/;

/** Returns the tests that are tagged with requirements, in the order of their files. */
export function tracedTests(folder = 'test'): TracedTest[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .sort()
    .flatMap((name) => testsIn(join(folder, name)));
}

function testsIn(file: string): TracedTest[] {
  const text = readFileSync(file, 'utf8');
  return text.includes("'REQ-") ? tracedTestsIn(text, file) : [];
}

/** Returns the tests in the text of a file that are tagged with requirements. */
export function tracedTestsIn(text: string, file: string): TracedTest[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: TracedTest[] = [];
  const visit = (node: ts.Node, names: readonly string[]): void => {
    const [title, ...rest] =
      ts.isCallExpression(node) && isTestFunction(node.expression) ? node.arguments : [];
    const own = title ? [...names, nameOf(title, source)] : names;
    for (const requirement of rest.flatMap(tagsOf)) found.push({ requirement, file, names: own });
    ts.forEachChild(node, (child) => visit(child, own));
  };
  visit(source, []);
  return found;
}

/** Reports whether an expression is `it`, or made from it, such as `it.each(…)` and `describe.concurrent`. */
function isTestFunction(expression: ts.Expression): boolean {
  if (ts.isIdentifier(expression)) return TEST_FUNCTIONS.includes(expression.text);
  if (ts.isPropertyAccessExpression(expression)) return isTestFunction(expression.expression);
  return ts.isCallExpression(expression) && isMaker(expression);
}

/** `it.each(…)` makes a test function. `it('…')` does not. */
const isMaker = ({ expression }: ts.CallExpression): boolean =>
  ts.isPropertyAccessExpression(expression) && isTestFunction(expression.expression);

/** Returns the name of a test as it is in the code, with its placeholders. */
const nameOf = (title: ts.Expression, source: ts.SourceFile): string =>
  ts.isStringLiteralLike(title) ? title.text : title.getText(source).replaceAll('`', '');

function tagsOf(argument: ts.Expression): string[] {
  if (!ts.isObjectLiteralExpression(argument)) return [];
  return argument.properties.flatMap((property) =>
    ts.isPropertyAssignment(property) &&
    ts.isIdentifier(property.name) &&
    property.name.text === 'tags' &&
    ts.isArrayLiteralExpression(property.initializer)
      ? property.initializer.elements.flatMap((each) => (ts.isStringLiteralLike(each) ? [each.text] : []))
      : [],
  );
}

/** Returns one sentence for each requirement without a test, and for each tag that is no requirement. */
export function problemsOf(tests: readonly TracedTest[]): string[] {
  const ids = REQUIREMENTS.map(({ id }) => id);
  return [
    ...ids
      .filter((id) => !tests.some(({ requirement }) => requirement === id))
      .map((id) => `No test is tagged with ${id}.`),
    ...tests
      .filter(({ requirement }) => TAG.test(requirement) && !ids.includes(requirement))
      .map(({ requirement, file }) => `${file} has the tag ${requirement}, which is no requirement.`),
  ];
}

const GENERATED =
  'Generated from src/qualification/requirements.ts and the tags of the tests by `npm run build`.';
const areas = () => [...new Set(REQUIREMENTS.map(({ area }) => area))];
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

/** Returns the page of the requirements. */
export const requirementsPage = (): string => `# Requirements

<!-- ${GENERATED} -->

Each requirement can be tested, and has tests: see the [traceability matrix](traceability.md). [\`qualify\`](qualify.md) also checks
some of them in your installation. An ID is never given to another requirement.
${areas()
  .map(
    (area) => `
## ${area}

| ID | what must hold |
| --- | --- |
${REQUIREMENTS.filter((each) => each.area === area)
  .map(({ id, text }) => `| <a id="${id}"></a>${id} | ${cell(text)} |`)
  .join('\n')}
`,
  )
  .join('')}`;

/** Returns the page that lists the tests of each requirement. */
export const traceabilityPage = (tests: readonly TracedTest[]): string => `# Traceability matrix

<!-- ${GENERATED} -->

The tests of each [requirement](requirements.md), by their names. The name of a group stands for all tests in it, and a placeholder
such as \`%s\` for the values that a test is repeated with. The tests run before every release, against real servers where there are
any. In a clone, \`npx vitest run --tags-filter REQ-11\` runs those of one requirement.
${REQUIREMENTS.map(
  ({ id, text }) => `
## ${id}

${text}

${tests
  .filter(({ requirement }) => requirement === id)
  .map(({ file, names }) => `- \`${file}\`: ${names.map(escaped).join(' › ')}`)
  .join('\n')}
`,
).join('')}`;

const escaped = (name: string): string =>
  name.replaceAll(/[\\*_[\]<>|`$]/g, (character) =>
    character === '<' ? '&lt;' : character === '>' ? '&gt;' : `\\${character}`,
  );
