import type { DefaultTheme, MarkdownRenderer } from 'vitepress';
import { withMermaid } from 'vitepress-plugin-mermaid';

type Item = DefaultTheme.SidebarItem;

const page = (text: string, link: string, items?: Item[]): Item => ({
  text,
  link: `/docs/${link}`,
  ...(items && { items, collapsed: true }),
});

/** The pages by kind. Every page of docs/ is in exactly one group, which is that of its folder: see test/docs/links.test.ts. */
const sidebar: Item[] = [
  { text: 'Tutorial', items: [page('Your first upload', 'tutorial/first-upload')] },
  {
    text: 'Guides',
    items: [
      page('Start uploads from programs', 'guides/start-uploads', [
        page('From TypeScript', 'guides/start-from-typescript'),
        page('From Python', 'guides/start-from-python'),
        page('From a shell', 'guides/start-from-a-shell'),
        page('On a schedule', 'guides/start-on-a-schedule'),
        page('From your own workflow', 'guides/start-from-a-workflow'),
        page('By Nexus', 'guides/start-by-nexus'),
      ]),
      page('Upload many files', 'guides/batches'),
      page('Watch a folder', 'guides/watch-a-folder'),
      page('Upload files that are on one host', 'guides/files-on-one-host'),
      page('Upload from HTTPS and S3', 'guides/https-and-s3-sources'),
      page('Wait for results, and fetch them', 'guides/results'),
      page('Receive webhooks', 'guides/webhooks'),
      page('Analyze stored files again', 'guides/analyze-stored-files'),
      page('Encrypt payloads', 'guides/encryption'),
      page('Test your service', 'guides/test-your-service'),
      page('The sandbox', 'guides/sandbox'),
    ],
  },
  {
    text: 'Operations',
    items: [
      page('Install', 'operations/install'),
      page('Run workers', 'operations/run-workers'),
      page('Find uploads', 'operations/find-uploads'),
      page('Recover failed uploads', 'operations/recover-failed-uploads'),
      page('Monitor workers', 'operations/monitoring'),
      page('Runbooks', 'operations/runbooks'),
      page('Send traces', 'operations/tracing'),
      page('Upgrade', 'operations/upgrade'),
      page('Keep records', 'operations/records'),
    ],
  },
  {
    text: 'Validation',
    items: [
      page('Qualify an installation', 'validation/qualify'),
      page('Requirements', 'validation/requirements'),
      page('Traceability matrix', 'validation/traceability'),
      page('Regulations', 'validation/compliance'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Command line', 'reference/cli'),
      page('Settings', 'reference/settings'),
      page('Examples of settings', 'reference/settings-examples'),
      page('Request and receipt', 'reference/request-and-receipt'),
      page('Errors', 'reference/errors'),
      page('Metrics and search attributes', 'reference/metrics-and-search-attributes'),
      page('API versions', 'reference/api-versions'),
      page('TypeScript API', 'reference/api/README'),
    ],
  },
  {
    text: 'Concepts',
    items: [
      page('How an upload works', 'concepts/how-it-works'),
      page('Exactly one execution', 'concepts/exactly-once'),
      page('Security', 'concepts/security'),
      page('Performance and limits', 'concepts/performance-and-limits'),
      page('Large files', 'concepts/large-files'),
      page('Cost in Temporal Cloud', 'concepts/temporal-cloud-cost'),
    ],
  },
  {
    text: 'Contributing',
    items: [
      { text: 'Contributing', link: '/CONTRIBUTING' },
      page('Architecture', 'contributing/architecture'),
      page('Style', 'contributing/style'),
      page('Fault injection', 'contributing/fault-injection'),
      page('Decisions', 'decisions/README'),
      { text: 'Changelog', link: '/CHANGELOG' },
    ],
  },
];

/** Shows commands, which are indented, like other blocks of code. */
function showIndentedCode({ renderer }: MarkdownRenderer): void {
  const { rules } = renderer;
  rules.code_block = (tokens, index, ...rest) => {
    const token = tokens[index];
    if (token) token.info = 'sh';
    return rules.fence?.(tokens, index, ...rest) ?? '';
  };
}

export default withMermaid({
  title: 'aplos-upload',
  description: 'Durable uploads of analysis files to Aplos NCA, with Temporal.',
  srcDir: 'pages',
  // Leads from the address that people guess in the repository to the reference.
  srcExclude: ['docs/errors.md'],
  // Files of the repository that are no pages.
  ignoreDeadLinks: [/\/(samples|deploy|LICENSE)(\/|$)/, /\/(python|shell|testing|child-workflow|nexus)\//],
  outDir: './dist',
  cacheDir: './.cache',
  cleanUrls: true,
  markdown: { config: showIndentedCode },
  themeConfig: {
    sidebar,
    search: { provider: 'local' },
    outline: [2, 3],
  },
});
