import type { Client } from '@temporalio/client';
import { isNotOffered } from '../temporal/errors.js';
import { assertSearchAttributes } from '../temporal/search-attributes.js';

/** Checks before the first start that the namespace has the search attributes: a missing one would block the workflow. */
export class SearchAttributeCheck {
  readonly #client: Client;
  #passed: Promise<void> | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  /**
   * Asks Temporal once. Passes if Temporal does not allow the question.
   *
   * @throws UploadError `SEARCH_ATTRIBUTES_MISSING` or `SEARCH_ATTRIBUTES_MISMATCHED`
   */
  async assertUsable(): Promise<void> {
    const { connection, options } = this.#client;
    this.#passed ??= assertSearchAttributes(connection, options.namespace).catch((error: unknown) => {
      if (isNotOffered(error)) return;
      this.#passed = undefined;
      throw error;
    });
    await this.#passed;
  }
}
