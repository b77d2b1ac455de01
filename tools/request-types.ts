import { z } from 'zod';
import { uploadRequestSchema } from '../src/contract/request.js';

/** The parts of a JSON Schema that the request uses. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string | undefined;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
}

/** Interfaces of fields that are objects. */
const NESTED: Readonly<Record<string, string>> = {
  expect: 'ExpectedFile',
  storedBy: 'RunReference',
  correctionOf: 'RunReference',
};

const TEXTS: Readonly<Record<string, string>> = {
  ExpectedFile: 'What the sender knows about a file.',
  RunReference: 'A run of a workflow.',
};

/** Returns the types of a request with a comment on each field, which editors show, from its schema. */
export function requestTypes(): string {
  const schema = z.toJSONSchema(uploadRequestSchema, { io: 'input' }) as JsonSchema;
  const { executions, ...fields } = schema.properties ?? {};
  const nested = new Map(
    Object.entries(NESTED).map(([field, name]) => [name, { ...fields[field], description: TEXTS[name] }]),
  );
  return `/** Types of a request. Generated from src/contract/request.ts by \`npm run build\`. */
import type { JsonObject, JsonValue } from './json.js';

${interfaceOf('ExecutionRequest', executions?.items ?? {})}
${[...nested].map(([name, each]) => `${interfaceOf(name, each)}\n`).join('')}${interfaceOf('UploadRequestInput', { ...schema, description: 'Request as a client sends it: fields with a default are optional.' })}`;
}

function interfaceOf(name: string, schema: JsonSchema): string {
  return `/** ${sentence(schema)} */\nexport interface ${name} {\n${fieldsOf(schema)}}\n`;
}

const fieldsOf = ({ properties = {}, required = [] }: JsonSchema): string =>
  Object.entries(properties)
    .map(([name, schema]) => {
      const type = NESTED[name] ?? typeOf(schema);
      const [mark, typeOrNone] = required.includes(name) ? ['', type] : ['?', `${type} | undefined`];
      return `  /** ${sentence(schema)} */\n  ${name}${mark}: ${typeOrNone};\n`;
    })
    .join('');

/** Returns the description of a field as a sentence, with its default. */
export function sentence({ description, default: value }: JsonSchema): string {
  if (description === undefined) throw new Error('A field of the request has no description');
  const text = /[.…]$/.test(description) ? description : `${description}.`;
  return value === undefined || /Default:/.test(text) ? text : `${text} Default: ${JSON.stringify(value)}.`;
}

function typeOf({ type, properties, items, enum: values }: JsonSchema): string {
  if (values) return values.map((value) => `'${value}'`).join(' | ');
  if (items) return items.properties ? 'ExecutionRequest[]' : `${typeOf(items)}[]`;
  if (properties) throw new Error('A field that is an object needs the name of an interface');
  return (
    { string: 'string', integer: 'number', boolean: 'boolean', object: 'JsonObject' }[type ?? ''] ??
    'JsonValue'
  );
}
