import { Command } from 'commander';
import { SEARCH_ATTRIBUTES } from '../../contract/names.js';
import { out } from '../output/colors.js';
import { print } from '../output/terminal.js';

/** `aplos-upload setup` */
export const setupCommand = new Command('setup')
  .description('register the search attributes in the Temporal namespace; safe to repeat')
  .action(async () => {
    const { loadSettings } = await import('../../settings/load.js');
    const { connectToNamespace } = await import('../../temporal/connect-to-namespace.js');
    const { temporalTarget } = await import('../../temporal/connection.js');
    const { registerSearchAttributes } = await import('../../temporal/search-attributes.js');
    const target = temporalTarget(loadSettings(process.env, 'client'));
    const connection = await connectToNamespace(target);
    try {
      const registered = await registerSearchAttributes(connection, target.namespace);
      const names = Object.keys(SEARCH_ATTRIBUTES).join(', ');
      print(
        registered.length > 0
          ? `${out.green('✓')} Registered in namespace "${target.namespace}": ${registered.join(', ')}`
          : `${out.green('✓')} Namespace "${target.namespace}" already has all search attributes: ${names}`,
      );
    } finally {
      await connection.close();
    }
  });
