import type { UploadClient } from '../../../client.js';
import { ExitCode } from '../../output/errors.js';
import { printToStderr } from '../../output/terminal.js';
import { exitAfterClosing } from '../exit.js';

/**
 * Lets Ctrl-C end this process while it starts uploads, and say what became of them.
 *
 * @returns function that ends this, once all uploads are started
 */
export function exitOnInterrupt(client: Pick<UploadClient, 'close'>): () => void {
  const interrupt = () => {
    printToStderr(
      '',
      'Stopped. Uploads that were started continue in the background. Run the same command to join them and start the rest.',
    );
    void exitAfterClosing(client, ExitCode.interrupted);
  };
  process.once('SIGINT', interrupt); // a second Ctrl-C ends the command immediately
  return () => process.off('SIGINT', interrupt);
}
