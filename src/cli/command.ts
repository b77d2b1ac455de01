import { Command } from 'commander';
import { selectSettingsFile } from './input/settings-option.js';
import { printUsageError } from './output/errors.js';
import { setQuiet } from './output/terminal.js';

/** A way to use a command, as its help shows it. */
export interface Example {
  /** A phrase such as `upload a folder as a batch`. */
  readonly purpose: string;
  /** The command line. */
  readonly line: string;
}

/** A command of `aplos-upload`. Defines what all commands have in common: examples, options, the style of errors. */
export class CliCommand extends Command {
  readonly #examples: Example[] = [];
  #withoutJson: string | undefined;
  #writesSettings = false;

  constructor(name: string) {
    super(name);
    this.addHelpText('after', () => `\nExamples:\n${this.#examples.flatMap(exampleLines).join('\n')}`);
  }

  /** Examples that the help shows, in order. */
  get examples(): readonly Example[] {
    return this.#examples;
  }

  /** Adds an example to the help. */
  example(purpose: string, line: string): this {
    this.#examples.push({ purpose, line });
    return this;
  }

  /** Reason why the command has no `--json`. `undefined` if it prints facts, so that it needs the option. */
  get withoutJson(): string | undefined {
    return this.#withoutJson;
  }

  /** Declares that the command does not print facts. */
  printsNoFacts(reason: string): this {
    this.#withoutJson = reason;
    return this;
  }

  /** Declares that `--settings` names a file that the command writes. */
  writesSettings(): this {
    this.#writesSettings = true;
    return this;
  }

  /** Adds the options that every command has, below its own. */
  withCommonOptions(): this {
    return this.optionsGroup('Common options:')
      .option(
        '--settings <file>',
        this.#writesSettings
          ? 'settings file to write'
          : 'settings file to use; it overrides environment variables',
      )
      .option('-q, --quiet', 'print only errors and, with --json, JSON')
      .helpOption('-h, --help', 'show this help')
      .hook('preAction', () => this.#applyCommonOptions(this.opts()))
      .configureOutput({ outputError: (text) => printUsageError(text, `aplos-upload ${this.name()}`) });
  }

  async #applyCommonOptions({ settings, quiet }: CommonOptions): Promise<void> {
    setQuiet(quiet === true);
    if (settings !== undefined && !this.#writesSettings) await selectSettingsFile(settings);
  }
}

const exampleLines = ({ purpose, line }: Example): string[] => [`  # ${purpose}`, `  ${line}`];

/** Options that every command has. */
export interface CommonOptions {
  readonly settings?: string;
  readonly quiet?: true;
}
