import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { z } from 'zod';
import type { WorkerProcess } from '../../sandbox/worker-process.js';
import type { World } from './world.js';

const read = (name: string) => readFile(fileURLToPath(new URL(`../../${name}`, import.meta.url)), 'utf8');

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.object({
          alert: z.string().optional(),
          record: z.string().optional(),
          expr: z.string(),
          annotations: z.record(z.string(), z.string()).optional(),
        }),
      ),
    }),
  ),
});
const dashboardSchema = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) }),
  ),
});

/** Reads the rules of all groups in deploy/prometheus/alerts.yml. */
export const rules = async () =>
  rulesSchema.parse(parse(await read('deploy/prometheus/alerts.yml'))).groups.flatMap((group) => group.rules);

/** Reads the queries in deploy/grafana/aplos-upload.json, with the titles of their panels. */
export const dashboardQueries = async (): Promise<{ panel: string; expr: string }[]> =>
  dashboardSchema
    .parse(JSON.parse(await read('deploy/grafana/aplos-upload.json')))
    .panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ panel: title, expr })));

/** Replaces Grafana's variables in a query of the dashboard. */
export const withVariables = (expr: string): string =>
  expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*').replaceAll('$job', 'aplos-upload');

/** A series that a query selects. */
export interface Selector {
  readonly name: string;
  readonly matchers: readonly { label: string; operator: string; value: string }[];
  /** Labels that the enclosing aggregations group by. */
  readonly groupedBy: readonly string[];
}

/**
 * Returns the series that a query selects.
 *
 * @throws Error if the query is not valid PromQL
 */
export function selectorsOf(expr: string): Selector[] {
  const text = (node: SyntaxNode | null) => (node ? expr.slice(node.from, node.to) : '');
  const selectors: Selector[] = [];
  parser.parse(expr).iterate({
    enter: ({ node }) => {
      if (node.type.isError) throw new Error(`Invalid PromQL at ${node.from}: ${expr}`);
      if (node.name !== 'VectorSelector') return;
      const matchers = node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? [];
      selectors.push({
        name: text(node.getChild('Identifier')),
        matchers: matchers.map((matcher) => ({
          label: text(matcher.getChild('LabelName')),
          operator: text(matcher.getChild('MatchOp')),
          value: text(matcher.getChild('StringLiteral')).slice(1, -1),
        })),
        groupedBy: groupingsOf(node).map(text),
      });
    },
  });
  return selectors;
}

function groupingsOf(node: SyntaxNode): SyntaxNode[] {
  const { parent } = node;
  if (!parent) return [];
  const filter = parent.getChild('And') ?? parent.getChild('Unless');
  if (filter && node.from > filter.from) return [];
  const labels = parent.getChild('AggregateModifier')?.getChild('GroupingLabels')?.getChildren('LabelName');
  return [...(labels ?? []), ...groupingsOf(parent)];
}

/** A series that a worker serves, with its value. */
export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A worker that serves metrics, and their URL. */
export interface MonitoredWorker {
  readonly process: WorkerProcess;
  readonly metricsUrl: string;
}

/** Starts a worker that serves its metrics on a free port. */
export async function startMonitoredWorker(
  world: World,
  env: NodeJS.ProcessEnv = {},
): Promise<MonitoredWorker> {
  const before = world.log().length;
  const process = await world.startWorkerProcess({ APLOS_UPLOAD_METRICS: '127.0.0.1:0', ...env });
  return { process, metricsUrl: metricsUrlIn(world.log().slice(before)) };
}

/** Returns the URL of the metrics that the log of a worker names; the empty string if it names none. */
export const metricsUrlIn = (log: string): string => /Metrics are served at (\S+?)"/.exec(log)?.[1] ?? '';

/** Returns the sum of the series of a scrape that have this name and these labels. */
export const sumOf = (scrape: string, name: string, labels: Readonly<Record<string, string>> = {}): number =>
  seriesOf(scrape)
    .filter((series) => series.name === name)
    .filter((series) => Object.entries(labels).every(([label, value]) => series.labels[label] === value))
    .reduce((total, { value }) => total + value, 0);

/** Parses the series of a scrape. */
export const seriesOf = (scrape: string): Series[] =>
  [...scrape.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gm)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries(
      [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, labelValue]) => [label, labelValue]),
    ),
    value: Number(value),
  }));
