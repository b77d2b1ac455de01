import { SEARCH_ATTRIBUTES } from '../../contract/names.js';
import { connectToNamespace } from '../../temporal/connect-to-namespace.js';
import { temporalTarget } from '../../temporal/connection.js';
import { registerSearchAttributes } from '../../temporal/search-attributes.js';
import { out } from '../output/colors.js';

/** `aplos-upload setup` */
export async function setup(): Promise<void> {
  const target = temporalTarget();
  const connection = await connectToNamespace(target);
  try {
    const registered = await registerSearchAttributes(connection, target.namespace);
    const names = Object.keys(SEARCH_ATTRIBUTES).join(', ');
    console.log(
      registered.length > 0
        ? `${out.green('✓')} Registered in the namespace "${target.namespace}": ${registered.join(', ')}`
        : `${out.green('✓')} The namespace "${target.namespace}" has all search attributes: ${names}`,
    );
  } finally {
    await connection.close();
  }
}
