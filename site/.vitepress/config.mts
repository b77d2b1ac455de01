import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitepress';

const page = (text: string, link: string) => ({ text, link: `/docs/${link}` });

/** The pages by kind. Every page of docs/ is in exactly one group. */
const sidebar = [
  { text: 'Tutorial', items: [page('Your first upload', 'first-upload')] },
  {
    text: 'Guides',
    items: [
      page('Start uploads from programs', 'trigger'),
      page('Results', 'results'),
      page('Analyze stored files', 'analyze'),
      page('Webhooks', 'webhooks'),
      page('Watch a folder', 'watch'),
      page('Files on one host', 'hosts'),
      page('HTTPS and S3 sources', 'sources'),
      page('Records', 'records'),
      page('Call uploads by Nexus', 'nexus'),
      page('Test your service', 'testing'),
      page('The sandbox', 'sandbox'),
    ],
  },
  {
    text: 'Operations',
    items: [
      page('Install', 'install'),
      page('Run workers', 'operating'),
      page('Upgrade', 'rollout'),
      page('Monitoring', 'monitoring'),
      page('Alerts', 'alerts'),
      page('Tracing', 'traces'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Command line', 'cli'),
      page('Settings', 'settings'),
      page('Errors', 'errors'),
      page('API versions', 'api-versions'),
      page('TypeScript API', 'api/README'),
    ],
  },
  {
    text: 'Concepts',
    items: [
      page('Architecture', 'architecture'),
      page('Security', 'security'),
      page('Large files', 'large-files'),
      page('Fault injection', 'chaos'),
      page('Performance', 'performance'),
    ],
  },
  {
    text: 'Contributing',
    items: [
      { text: 'Contributing', link: '/CONTRIBUTING' },
      page('Style', 'style'),
      page('Decisions', 'decisions/README'),
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
  },
];

const linked = sidebar.flatMap(({ items }) => items.map(({ link }) => link));
for (const name of readdirSync('pages/docs'))
  if (name.endsWith('.md') && !linked.includes(`/docs/${name.slice(0, -'.md'.length)}`))
    throw new Error(`site/.vitepress/config.mts lists docs/${name} under no kind`);

export default defineConfig({
  title: 'aplos-upload',
  description: 'Durable uploads of analysis files to Aplos NCA, with Temporal.',
  srcDir: 'pages',
  // Files of the repository that are no pages.
  ignoreDeadLinks: [/\/(samples|deploy|examples|LICENSE)(\/|$)/],
  outDir: './dist',
  cacheDir: './.cache',
  cleanUrls: true,
  themeConfig: {
    sidebar,
    search: { provider: 'local' },
    outline: [2, 3],
  },
});
