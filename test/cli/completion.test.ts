import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { complete, printScript } from '../../src/cli/commands/completion/complete.js';
import { createProgram } from '../../src/cli/program.js';

type Shell = Parameters<typeof printScript>[0];

/** Words that the tests type, with the incomplete one last. */
const TYPED = [
  ['expl'],
  ['explain', 'FILE_NOT_F'],
  ['replay', '--from', 'pre'],
  ['upload', '--man'],
  ['upload', 'pk-'],
  ['upload', 'pk-1.csv', '--config', 'pk-'],
];

describe('aplos-upload completion', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'aplos-completion-'));
    for (const shell of ['bash', 'zsh', 'fish'] as const)
      writeFileSync(join(folder, `script.${shell}`), await scriptFor(shell));
    writeFileSync(join(folder, 'pk-1.csv'), '');
    writeFileSync(join(folder, 'aplos-upload'), await fakeCommand(), { mode: 0o755 });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs a program of a shell in a folder that has the file pk-1.csv and a fast `aplos-upload`. */
  function run(shell: Shell, args: readonly string[], input = ''): string {
    const PATH = [folder, process.env.PATH].join(delimiter);
    const env = { PATH, HOME: folder, TERM: 'xterm' };
    const { stdout } = spawnSync(shell, args, { cwd: folder, env, input, encoding: 'utf8', timeout: 60_000 });
    return stdout;
  }

  it.each(['bash', 'zsh', 'fish', 'powershell'] as const)(
    'prints a script for %s that asks the command',
    async (shell) => {
      expect(await scriptFor(shell)).toMatch(/aplos-upload complete/);
    },
  );

  it('prints a script that bash can read twice, and that lets bash complete paths', async () => {
    const script = await scriptFor('bash');
    const { stderr } = spawnSync('bash', ['-e'], { input: `${script}\n${script}`, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(script).toMatch(/^complete -o default .* aplos-upload$/m);
  });

  describe('in bash', () => {
    const inBash = (...typed: string[]) =>
      run(
        'bash',
        ['--norc', '-s', '--', 'aplos-upload', ...typed],
        `. ./script.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
__aplos_upload_complete 2> /dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`,
      ).trim();

    it('completes commands, values and options', () => {
      expect(inBash('expl')).toBe('explain');
      expect(inBash('explain', 'FILE_NOT_F')).toBe('FILE_NOT_FOUND');
      expect(inBash('replay', '--from', 'pre')).toBe('presign');
      expect(inBash('upload', '--man')).toBe('--manifest');
    });

    it('runs nothing of what was typed', () => {
      inBash('upload', '$(touch typed)', '`touch typed`', 'pk-');
      expect(existsSync(join(folder, 'typed'))).toBe(false);
    });
  });

  describe.skipIf(!isInstalled('fish'))('in fish', () => {
    const inFish = (line: string) =>
      run('fish', ['--no-config', '-c', `source script.fish; complete -C "aplos-upload ${line}"`]);

    it('completes commands, values, options and paths', () => {
      expect(inFish('expl')).toMatch(/^explain\t/);
      expect(inFish('explain FILE_NOT_F')).toMatch(/^FILE_NOT_FOUND\t/);
      expect(inFish('replay --from pre')).toBe('presign\n');
      expect(inFish('upload --man')).toMatch(/^--manifest\t/);
      expect(inFish('upload pk-')).toBe('pk-1.csv\n');
    });
  });

  describe.skipIf(!isInstalled('zsh'))('in zsh', () => {
    it('completes commands, values, options and paths', () => {
      // In a terminal of zsh's own, as its completion needs one. The fake command prints how it was called.
      const terminal = `zmodload zsh/zpty
zpty shell 'zsh -f -i'
zpty -w shell 'autoload -Uz compinit; compinit -u -D; source script.zsh'
zpty -w -n shell $'aplos-upload expl\\tFILE_NOT_F\\t\\n'
zpty -w -n shell $'aplos-upload replay --from pre\\t\\n'
zpty -w -n shell $'aplos-upload upload pk-\\t--config pk-\\t\\n'
zpty -w -n shell $'exit\\n'
while zpty -r shell line; do print -r -- "$line"; done`;
      const calls = run('zsh', ['-f'], terminal).match(/(?<=CALLED ).*?(?=\r?$)/gm);
      expect(calls).toEqual([
        'explain FILE_NOT_FOUND',
        'replay --from presign',
        'upload pk-1.csv --config pk-1.csv',
      ]);
    });
  });
});

const isInstalled = (shell: Shell): boolean => spawnSync(shell, ['--version']).status === 0;

async function scriptFor(shell: Shell): Promise<string> {
  const [script = ''] = await printedBy(() => printScript(shell));
  return script;
}

/** Returns a program that answers the scripts like `aplos-upload`, and otherwise prints its arguments. */
async function fakeCommand(): Promise<string> {
  const answers: string[] = [];
  for (const words of TYPED) {
    const program = await createProgram(words);
    const lines = await printedBy(() => complete(program, words));
    answers.push(`'complete -- ${words.join(' ')}')\ncat << 'END'\n${lines.join('\n')}\nEND\n;;\n`);
  }
  return `#!/bin/sh\ncase "$*" in\n${answers.join('')}complete*) echo :4 ;;\n*) echo "CALLED $*" ;;\nesac\n`;
}

async function printedBy(work: () => void | Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  const log = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  await work();
  log.mockRestore();
  return lines;
}
