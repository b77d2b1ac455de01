import { TYPES } from '../contract/activities.js';

const KNOWN: ReadonlySet<string> = new Set(['', ...TYPES]);

/** Value of the labels `workflow_type` and `activity_type` for all types that the worker does not have. */
const OTHER = 'other';

const TYPE_LABELS = /\b((?:workflow|activity)(?:_type|Type))="((?:[^"\\]|\\.)*)"/g;

/**
 * Adds up the series of all types that this worker does not have, in metrics in the text format of Prometheus. Anyone who may
 * start workflows can put tasks of any type on the task queue, and Temporal's core would make new series for each type.
 */
export function withBoundedTypes(metrics: string): string {
  const lines: string[] = [];
  const indexes = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const bounded = line.startsWith('#') ? line : line.replace(TYPE_LABELS, boundLabel);
    const { series, value } = parse(bounded);
    const index = bounded === line ? undefined : indexes.get(series);
    if (index === undefined) {
      if (bounded !== line) indexes.set(series, lines.length);
      lines.push(bounded);
    } else lines[index] = `${series} ${parse(lines[index] ?? '').value + value}`;
  }
  return lines.join('\n');
}

const boundLabel = (label: string, name: string, value: string) =>
  KNOWN.has(value) ? label : `${name}="${OTHER}"`;

function parse(line: string): { readonly series: string; readonly value: number } {
  const end = line.lastIndexOf(' ');
  return { series: line.slice(0, end), value: Number(line.slice(end + 1)) };
}
