/** The tables of docs/reference/request-and-receipt.md, generated from the schema of the request and the types of the receipt. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { uploadRequestSchema } from '../src/contract/request.js';
import { type JsonSchema, sentence } from './request-types.js';

const FROM_REQUEST = 'src/contract/request.ts';
const FROM_RECEIPT = 'src/contract/receipt.ts';
const FROM_ENDING = 'src/contract/ending.ts';
const FROM_RESULTS = 'src/contract/results.ts';

interface Row {
  readonly field: string;
  readonly meaning: string;
}

/** Returns the page with the table between the two markers of each type replaced. */
export function withContractTables(page: string): string {
  const request = z.toJSONSchema(uploadRequestSchema, { io: 'input' }) as JsonSchema;
  const execution = request.properties?.executions?.items ?? {};
  const tables = [
    ['request', FROM_REQUEST, rowsOfSchema(request)],
    ['executions of a request', FROM_REQUEST, rowsOfSchema(execution)],
    ['receipt', FROM_RECEIPT, rowsOfInterface('Receipt', FROM_RECEIPT)],
    ['executions of a receipt', FROM_RECEIPT, rowsOfInterface('StartedExecution', FROM_RECEIPT)],
    ['completion', FROM_RECEIPT, rowsOfInterface('Completion', FROM_RECEIPT)],
    ['packages', FROM_RESULTS, rowsOfInterface('ResultsPackage', FROM_RESULTS)],
    ['steps', FROM_RECEIPT, rowsOfInterface('StepRecord', FROM_RECEIPT)],
    ['replays', FROM_RECEIPT, rowsOfInterface('RunReset', FROM_RECEIPT)],
    ['another ending', FROM_ENDING, rowsOfInterface('Ending', FROM_ENDING)],
  ] as const;
  return tables.reduce((text, [name, source, rows]) => withTable(text, name, source, rows), page);
}

function withTable(page: string, name: string, source: string, rows: readonly Row[]): string {
  const start = `<!-- Fields: ${name}. Generated from ${source} by \`npm run build\`. -->\n`;
  const [before = '', rest] = page.split(start);
  if (rest === undefined) throw new Error(`The page of request and receipt has no marker for "${name}"`);
  const lines = rows.map(({ field, meaning }) => `| \`${field}\` | ${meaning.replaceAll('|', '\\|')} |\n`);
  const table = `| field | meaning |\n| --- | --- |\n${lines.join('')}`;
  return `${before}${start}\n${table}\n${rest.slice(rest.indexOf('<!-- End of fields. -->'))}`;
}

const rowsOfSchema = ({ properties = {}, required = [] }: JsonSchema): Row[] =>
  Object.entries(properties).map(([field, schema]) => ({
    field,
    meaning: `${required.includes(field) ? '**Required.** ' : ''}${codeIn(sentence(schema))}`,
  }));

/** Returns the fields of an interface with their comments. An interface has one property a line, each with a comment. */
function rowsOfInterface(name: string, path: string): Row[] {
  const [, body] =
    new RegExp(`^export interface ${name}(?: extends \\w+)? \\{\\n(.*?)^\\}`, 'ms').exec(
      readFileSync(path, 'utf8'),
    ) ?? [];
  const fields = [...(body ?? '').matchAll(/(?:\/\*\*(.*?)\*\/\s+)?readonly (\w+)\??:/gs)];
  if (fields.length === 0) throw new Error(`${path} has no interface "${name}"`);
  return fields.map(([, comment, field = '']) => {
    if (comment === undefined) throw new Error(`${name}.${field} in ${path} has no comment`);
    return { field, meaning: comment.replaceAll(/\s*\n\s*\*\s*/g, ' ').trim() };
  });
}

/** Marks URLs and placeholders as code, because a site would make links and expressions of them. */
const codeIn = (text: string): string =>
  text.replaceAll(/(?:file|https|s3|aplos):(?:\/\/|file)[\w./{}-]*[\w}]|\{\w+\}/g, (each) => `\`${each}\``);
