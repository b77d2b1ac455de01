import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { complete } from '../../src/cli/commands/completion/complete.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { createProgram } from '../../src/cli/program.js';

const MAX_ROWS = 40;
const COLUMNS = 80;

const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.md'))
  .map((name) => readFileSync(join('docs', name), 'utf8'))
  .join('\n');

function helpOf(command: Command): string[] {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => COLUMNS });
  command.outputHelp();
  return help.trimEnd().split('\n');
}

const commands = await Promise.all(COMMANDS.map(async ({ name, load }) => [name, await load()] as const));

describe.each(commands)('%s', (name, command) => {
  const optionNames = command.options.flatMap(({ long, short }) => [long, short]);

  it('is listed by its name', () => {
    expect(command.name()).toBe(name);
  });

  it('has one to three examples, which use only its own options', () => {
    expect(command.examples.length).toBeGreaterThan(0);
    expect(command.examples.length).toBeLessThanOrEqual(3);
    for (const { line } of command.examples) {
      expect(line).toContain(`aplos-upload ${name}`);
      const own = line.slice(line.indexOf(`aplos-upload ${name}`)).split(/ \| | >>? /)[0] ?? '';
      for (const [option] of own.matchAll(/(?<= )--?[a-z][\w-]*/g)) expect(optionNames).toContain(option);
    }
  });

  it('has the options of all commands', () => {
    expect(optionNames).toEqual(expect.arrayContaining(['--settings', '--quiet']));
  });

  it('prints facts as JSON, or says why it has none', () => {
    expect(optionNames.includes('--json')).toBe(command.withoutJson === undefined);
  });

  it('has a help that fits on a screen', () => {
    const lines = helpOf(command);
    expect(lines.length).toBeLessThanOrEqual(MAX_ROWS);
    expect(lines.join('\n')).toContain('Examples:');
  });

  it('has a line of its own in the list of commands', () => {
    expect((command.summary() || command.description()).length).toBeLessThanOrEqual(COLUMNS - 18);
  });

  it('has a section in the documentation', () => {
    expect(pages).toMatch(new RegExp(`^## ${name}$`, 'm'));
  });

  it('is completed, with its options', async () => {
    expect(await completionsOf(name.slice(0, -1))).toContain(name);
    expect(await completionsOf(name, '--')).toEqual(
      expect.arrayContaining(command.options.map(({ long }) => long)),
    );
  });
});

describe('aplos-upload', () => {
  it('has a help that fits on a screen', async () => {
    const lines = helpOf(await createProgram(['--help']));
    expect(lines.length).toBeLessThanOrEqual(MAX_ROWS);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(COLUMNS);
  });

  it.each([
    [['status', '--error', 'S3_EX'], ['S3_EXPIRED']],
    [
      ['replay', '--from', ''],
      ['presign', 'start'],
    ],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
    [['explain', 'FILE_NOT_F'], ['FILE_NOT_FOUND']],
  ])('completes the values of %j', async (words, values) => {
    expect(await completionsOf(...words)).toEqual([...values, ':4']);
  });

  it.each([
    [['upload', '']],
    [['upload', 'pk.csv', '--config', '']],
    [['watch', '']],
    [['doctor', '--settings', '']],
  ])('leaves paths to the shell: %j', async (words) => {
    expect((await completionsOf(...words)).at(-1)).toBe(':0');
  });

  it('completes the names of accounts', async () => {
    vi.stubEnv('COGNITO_USER_NAME', 'jane@example.com');
    expect(await completionsOf('upload', '--profile', '').finally(vi.unstubAllEnvs)).toContain('default');
  });

  it('loads only the commands that the words name', async () => {
    const program = await createProgram(['status', '--help']);
    const loaded = program.commands.filter(({ options }) => options.length > 0).map((each) => each.name());
    expect(loaded).toEqual(['status']);
  });

  it('needs only three small libraries for its help', () => {
    expect([...librariesOf('src/cli.ts')].sort()).toEqual(['commander', 'ms', 'picocolors']);
  });
});

/** Returns what the scripts of the shells get for these words, without descriptions. */
async function completionsOf(...words: string[]): Promise<string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  await complete(await createProgram(words), words);
  log.mockRestore();
  return lines.map((line) => line.replace(/\t.*/, ''));
}

/** Returns the packages that a module loads at its start, itself and through other modules. */
function librariesOf(path: string, seen = new Set<string>()): Set<string> {
  if (seen.has(path)) return new Set();
  seen.add(path);
  const libraries = new Set<string>();
  const code = readFileSync(path, 'utf8');
  for (const [, from = ''] of code.matchAll(/^(?:import|export)(?! type)[^;]*? from '(.+)';$/gm))
    if (from.startsWith('.')) {
      const module = resolve(path, '..', from).replace(/\.js$/, '.ts');
      for (const library of librariesOf(module, seen)) libraries.add(library);
    } else if (!from.startsWith('node:')) libraries.add(from);
  return libraries;
}
