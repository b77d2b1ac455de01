import tab, { script, type Argument as TabArgument, type Option as TabOption } from '@bomb.sh/tab';
import type { Argument, Command, Option } from 'commander';
import { errorTable } from '../../../contract/errors.js';
import type { ProfileSummary } from '../../../settings/profiles.js';

/** Prints the script for a shell. */
export function printScript(shell: 'bash' | 'zsh' | 'fish' | 'powershell'): void {
  withLines(
    (text) => (shell === 'bash' ? forBash(text) : text),
    () => script(shell, 'aplos-upload', 'aplos-upload'),
  );
}

/**
 * Lets bash complete paths, source the script twice, and run it without the package bash-completion, as on macOS. The words that
 * the user has typed are passed on as they are: the library's script evaluates them, and so runs a command in `$(…)`.
 */
const forBash = (text: string): string =>
  BASH_WITHOUT_PACKAGE +
  text
    .replaceAll(/^readonly /gm, '')
    .replace(/^complete -F/m, 'complete -o default -o bashdefault -F')
    .replace(
      '$(eval "$requestComp" 2>/dev/null)',
      `$(aplos-upload complete -- "\${words[@]:1:cword}" 2>/dev/null)`,
    );

const BASH_WITHOUT_PACKAGE = `if ! declare -F _get_comp_words_by_ref > /dev/null; then
  _get_comp_words_by_ref() {
    cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD
  }
fi
`;

/** Changes each text that the library prints. */
function withLines(change: (text: string) => string, work: () => void): void {
  const { log } = console;
  console.log = (text: string) => log(change(text));
  try {
    work();
  } finally {
    console.log = log;
  }
}

/** True if the word to complete is a path, which the shell completes itself. */
let isPath = false;
/** Aplos accounts in the settings. They are read only if an account can be meant, because that takes longer than all else. */
let profiles: readonly ProfileSummary[] = [];

/**
 * Prints what the last word can be, for the script of a shell.
 *
 * @param program what commands, arguments and options there are
 * @param words words after `aplos-upload`, of which the last is incomplete
 */
export async function complete(program: Command, words: readonly string[]): Promise<void> {
  isPath = false;
  profiles = words.some((word) => word.startsWith('--profile')) ? await knownProfiles() : [];
  const help = program.createHelp();
  for (const command of help.visibleCommands(program)) {
    const known = tab.command(command.name(), command.summary() || command.description());
    for (const option of help.visibleOptions(command)) addOption(known, option);
    for (const argument of command.registeredArguments)
      known.argument(argument.name(), valuesOf(argument), argument.variadic);
  }
  // The library forbids the shell to complete paths (4). 0 allows it.
  withLines(
    (line) => (isPath && line === ':4' ? ':0' : line),
    () => tab.parse([...words]),
  );
}

function addOption(command: ReturnType<typeof tab.command>, option: Option): void {
  const { long, short, description } = option;
  const name = long?.replace(/^--/, '');
  if (name === undefined) return;
  const alias = short?.replace(/^-/, '');
  if (option.required || option.optional) command.option(name, description, valuesOf(option), alias);
  else if (alias) command.option(name, description, alias);
  else command.option(name, description);
}

type Handler = (complete: (value: string, description: string) => void) => void;

/** Values by the placeholder of an option or an argument: `--error <code>`. */
const values: Readonly<Record<string, Handler>> = {
  code: (add) => {
    for (const [code, { meaning }] of Object.entries(errorTable)) add(code, meaning);
  },
  profile: (add) => {
    for (const { name, userName = '' } of profiles) add(name, userName);
  },
};

const PATHS = ['file', 'folder', 'path', 'upload'];

function valuesOf(place: Argument | Option): Handler & ThisType<TabArgument & TabOption> {
  const placeholder = 'flags' in place ? (/<([\w:]+)>|\[(\w+)/.exec(place.flags)?.[1] ?? '') : place.name();
  const isProfile = 'flags' in place && place.long === '--profile';
  return (add) => {
    for (const choice of place.argChoices ?? []) add(choice, '');
    values[isProfile ? 'profile' : placeholder]?.(add);
    isPath ||= PATHS.includes(placeholder);
  };
}

/** Invalid settings are no reason to disturb whoever types a command. */
async function knownProfiles(): Promise<readonly ProfileSummary[]> {
  const { profileSummaries } = await import('../../../settings/profiles.js');
  try {
    return profileSummaries(process.env);
  } catch {
    return [];
  }
}
