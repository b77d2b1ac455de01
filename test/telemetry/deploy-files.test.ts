import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { rules } from '../support/monitoring.js';

const page = readFileSync(
  fileURLToPath(new URL('../../docs/operations/runbooks.md', import.meta.url)),
  'utf8',
);
const alerts = (await rules()).flatMap(({ alert, annotations }) => (alert ? [{ alert, annotations }] : []));

describe('the alert rules', { tags: ['REQ-29'] }, () => {
  it('have one section each in docs/operations/runbooks.md, in the same order', () => {
    const headings = [...page.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(alerts.map(({ alert }) => alert));
  });

  it.each(alerts)(
    '$alert has a short summary, a description, and a link to its section',
    ({ alert, annotations }) => {
      expect(annotations?.runbook).toBe(`docs/operations/runbooks.md#${alert.toLowerCase()}`);
      expect(annotations?.summary?.length).toBeLessThan(80);
      expect(annotations?.description).toMatch(/\.$/);
    },
  );

  it('name only commands that exist', () => {
    const commands = new Set([...page.matchAll(/`aplos-upload (\w+)/g)].map(([, command]) => command));
    const known = COMMANDS.map(({ name }) => name);
    for (const command of commands) expect(known).toContain(command);
  });
});
