import { Argument } from 'commander';
import { CliCommand } from '../command.js';

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;

/** `aplos-upload completion` */
export const completionCommand = new CliCommand('completion')
  .description('print a script that completes commands, options and values when you press Tab')
  .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
  .printsNoFacts('it prints a program')
  .example('in bash, for every new terminal', `echo 'source <(aplos-upload completion bash)' >> ~/.bashrc`)
  .example('in zsh, after compinit', `echo 'source <(aplos-upload completion zsh)' >> ~/.zshrc`)
  .example('in fish', 'aplos-upload completion fish > ~/.config/fish/completions/aplos-upload.fish')
  .action(async (shell: (typeof SHELLS)[number]) => {
    const { printScript } = await import('./completion/complete.js');
    printScript(shell);
  });

/** `aplos-upload complete`, which the scripts call: `aplos-upload complete -- status --f`. */
export const completeCommand = new CliCommand('complete')
  .argument('[words...]')
  .allowUnknownOption()
  .printsNoFacts('only the scripts of completion call it')
  .action(async (words: string[], _options: unknown, command: CliCommand) => {
    const { complete } = await import('./completion/complete.js');
    await complete(command.parent ?? command, words);
  });
