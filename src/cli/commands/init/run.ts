import { rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { profileTable } from '../../../settings/table.js';
import { shellWord } from '../../../util/shell-word.js';
import { out } from '../../output/colors.js';
import { BadInputError, ExitCode, printNote } from '../../output/errors.js';
import { print, printJson } from '../../output/terminal.js';
import {
  type AccountAnswer,
  type Answers,
  type InitOptions,
  type TemporalAnswer,
  withEnvironment,
} from './answers.js';
import { type Checked, checkAccount, checkFolders, checkTemporal, needsEncryption } from './checks.js';
import { createEncryptionKey, passwordFile, settingsPath, writePrivate } from './files.js';
import { askSecret, askText, askUntilChecked, askYesNo, Cancelled } from './questions.js';
import { settingsToml } from './toml.js';

const SCHEMA = new URL('../../../../schema/settings.schema.json', import.meta.url);

/**
 * Writes a settings file from options and, in a terminal, answers. Checks each answer at once.
 *
 * @throws BadInputError if the file exists, or an answer is missing and nobody can be asked
 * @throws UploadError for the first option that does not pass its check; nothing is written then
 */
export async function init(given: InitOptions): Promise<void> {
  const options = withEnvironment(given, process.env);
  const path = settingsPath(options.settings, options);
  const setup = new Setup(path, options, process.stdin.isTTY === true && process.stderr.isTTY === true);
  try {
    await setup.run();
  } catch (error) {
    await setup.undo();
    if (!(error instanceof Cancelled)) throw error;
    printNote('Nothing was written.');
    process.exitCode = ExitCode.interrupted;
  }
}

class Setup {
  readonly #path: string;
  readonly #options: InitOptions;
  /** True if somebody can answer questions. */
  readonly #asks: boolean;
  readonly #created: string[] = [];
  readonly #checked: Checked[] = [];
  #answers: Answers = {};

  constructor(path: string, options: InitOptions, asks: boolean) {
    this.#path = path;
    this.#options = options;
    this.#asks = asks;
  }

  async run(): Promise<void> {
    this.#assertAnswered();
    await this.#temporal();
    const newKey = await this.#encryption();
    if (!this.#options.client) {
      await this.#account();
      await this.#folders();
    }
    await writePrivate(this.#path, settingsToml(this.#answers, SCHEMA.href));
    this.#created.push(this.#path);
    this.#report(newKey);
  }

  /** Removes what was created. */
  async undo(): Promise<void> {
    await Promise.all(this.#created.map((path) => rm(path, { force: true })));
  }

  #assertAnswered(): void {
    const { user, passwordFile: file, passwordCommand: command, client } = this.#options;
    if (file !== undefined && command !== undefined)
      throw new BadInputError([
        '--password-file and --password-command cannot be combined. Use one of them.',
      ]);
    if (this.#asks || client) return;
    const missing = [
      ...(user === undefined ? ['--user'] : []),
      ...(file === undefined && command === undefined ? ['--password-file or --password-command'] : []),
    ];
    if (missing.length > 0)
      throw new BadInputError([
        `Nobody can be asked, because there is no terminal. Add ${missing.join(' and ')}, or --client for a client without an account.`,
      ]);
  }

  async #temporal(): Promise<void> {
    const { temporal, namespace, temporalApiKeyFile } = this.#options;
    let last: TemporalAnswer = { address: 'localhost:7233', namespace: 'default' };
    const ask = async (): Promise<TemporalAnswer> => {
      last = {
        address: await this.#value(temporal, 'Address of Temporal', last.address),
        namespace: await this.#value(namespace, 'Namespace of Temporal', last.namespace),
        ...(temporalApiKeyFile === undefined ? {} : { apiKeyFile: resolve(temporalApiKeyFile) }),
      };
      return last;
    };
    const check = (answer: TemporalAnswer) => checkTemporal({ temporal: answer });
    this.#answers = { ...this.#answers, temporal: (await this.#answer(ask, check)).answer };
  }

  /** Returns the file of a key that was created, which other workers and clients need too. */
  async #encryption(): Promise<string | undefined> {
    const { encryptionKeyFile: given } = this.#options;
    if (given !== undefined) {
      this.#answers = { ...this.#answers, encryptionKeyFile: resolve(given) };
      return undefined;
    }
    if (!(await needsEncryption(this.#answers))) return undefined;
    if (this.#asks && (await askYesNo('Do other workers or clients use this namespace already?'))) {
      const file = await askText('File with their encryption key');
      this.#answers = { ...this.#answers, encryptionKeyFile: resolve(file) };
      return undefined;
    }
    const { path, isNew } = await createEncryptionKey(this.#path);
    if (isNew) this.#created.push(path);
    this.#answers = { ...this.#answers, encryptionKeyFile: path };
    return isNew ? path : undefined;
  }

  async #account(): Promise<void> {
    const { apiUrl, user } = this.#options;
    const endpoint = process.env.COGNITO_ENDPOINT;
    let last: Partial<AccountAnswer> = { apiUrl: profileTable.apiUrl.default };
    const ask = async (): Promise<AccountAnswer> => {
      const answer = {
        profile: this.#options.profile,
        apiUrl: await this.#value(apiUrl, 'URL of the Aplos API', last.apiUrl),
        userName: await this.#value(user, 'User name at Aplos', last.userName),
        password: await this.#password(),
        ...(endpoint ? { cognitoEndpoint: endpoint } : {}),
      };
      last = answer;
      return answer;
    };
    const check = (account: AccountAnswer) => checkAccount({ ...this.#answers, account });
    const { answer: account, result } = await this.#answer(ask, check);
    const s3Buckets = result?.bucket === undefined ? [] : [result.bucket];
    this.#answers = { ...this.#answers, account, s3Buckets };
  }

  /** A password that is typed is stored in a private file: the settings file contains no secrets. */
  async #password(): Promise<AccountAnswer['password']> {
    const { passwordFile: file, passwordCommand: command, profile } = this.#options;
    if (file !== undefined) return { file: resolve(file) };
    if (command !== undefined) return { command };
    const path = passwordFile(this.#path, profile);
    await writePrivate(path, await askSecret('Password'));
    this.#created.push(path);
    return { file: path };
  }

  async #folders(): Promise<void> {
    const { root } = this.#options;
    if (root === undefined && !this.#asks) return;
    const ask = async () =>
      root ??
      (await askText('Folders from which workers may read files, separated by ":"', process.cwd())).split(
        ':',
      );
    const check = async (paths: readonly string[]) => {
      const folders = await checkFolders(paths.filter(Boolean));
      return { name: 'Folders', text: folders.join(', '), folders };
    };
    const { answer, result } = await this.#answer(ask, check);
    const roots = result?.folders ?? answer.filter(Boolean).map((path) => resolve(path));
    this.#answers = { ...this.#answers, roots };
  }

  async #value(given: string | undefined, message: string, initial?: string): Promise<string> {
    if (given !== undefined) return given;
    if (this.#asks) return askText(message, initial);
    return initial ?? '';
  }

  /** Asks until the check passes. Without anybody to ask, the check has to pass. */
  async #answer<Answer, Result extends Checked>(
    ask: () => Promise<Answer>,
    check: (answer: Answer) => Promise<Result>,
  ): Promise<{ readonly answer: Answer; readonly result?: Result }> {
    if (!this.#options.check) return { answer: await ask() };
    const checked = this.#asks
      ? await askUntilChecked(ask, check)
      : await ask().then(async (answer) => ({ answer, result: await check(answer) }));
    if (checked.result) this.#passed(checked.result);
    return checked;
  }

  #passed({ name, text }: Checked): void {
    this.#checked.push({ name, text });
    if (!this.#options.json) print(`${out.green('✓')} ${name}: ${text}`);
  }

  #report(newKey: string | undefined): void {
    const { json, client } = this.#options;
    if (json) {
      printJson({ file: this.#path, created: this.#created, checks: this.#checked });
      return;
    }
    const isDefault = basename(this.#path) === 'settings.toml' && !this.#options.settings;
    const option = isDefault ? '' : ` --settings ${shellWord(this.#path)}`;
    print(
      `${out.green('✓')} Wrote ${this.#path}. Only you can read it.`,
      ...(newKey === undefined
        ? []
        : [
            `${out.yellow('!')} Created the encryption key ${newKey}. Copy it to every worker and client, and store it with your passwords: without it, histories cannot be read.`,
          ]),
      '',
      'Next:',
      ...(client ? [] : [`  aplos-upload setup${option}`]),
      `  aplos-upload doctor${option}`,
      ...(client
        ? [`  aplos-upload upload FILE --config FILE${option}`]
        : [`  aplos-upload worker${option}`]),
    );
  }
}
