import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { complete } from '../../src/cli/commands/completion/complete.js';
import { COMMANDS, createProgram } from '../../src/cli/program.js';

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

describe.each(COMMANDS.map((command) => [command.name(), command] as const))('%s', (name, command) => {
  const optionNames = command.options.flatMap(({ long, short }) => [long, short]);

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

  it('is completed, with its options', () => {
    expect(completionsOf(name.slice(0, -1))).toContain(name);
    expect(completionsOf(name, '--')).toEqual(
      expect.arrayContaining(command.options.map(({ long }) => long)),
    );
  });
});

describe('aplos-upload', () => {
  it('has a help that fits on a screen', () => {
    const lines = helpOf(createProgram());
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
  ])('completes the values of %j', (words, values) => {
    expect(completionsOf(...words)).toEqual([...values, ':4']);
  });

  it.each([
    [['upload', '']],
    [['upload', 'pk.csv', '--config', '']],
    [['watch', '']],
    [['doctor', '--settings', '']],
  ])('leaves paths to the shell: %j', (words) => {
    expect(completionsOf(...words).at(-1)).toBe(':0');
  });
});

/** Returns what the scripts of the shells get for these words, without descriptions. */
function completionsOf(...words: string[]): string[] {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  complete(createProgram(), words);
  log.mockRestore();
  return lines.map((line) => line.replace(/\t.*/, ''));
}
