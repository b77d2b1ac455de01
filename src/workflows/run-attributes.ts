import {
  defineSearchAttributeKey,
  SearchAttributeType,
  type SearchAttributeUpdatePair,
} from '@temporalio/common';
import { upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import { type KeywordName, type SearchAttributeName, withinLimit } from '../contract/search-attributes.js';

/** Name of a search attribute with several values. */
type KeywordListName = Exclude<SearchAttributeName, KeywordName>;

/**
 * The search attributes of a run. Values are collected until {@link save}, because each upsert is one event of the history and one
 * billable action. Values that the run was started with are not sent again.
 */
export class RunAttributes {
  readonly #unsaved = new Map<SearchAttributeName, SearchAttributeUpdatePair>();

  /** @param value `null` removes the search attribute */
  set(name: KeywordName, value: string | null): void {
    const key = defineSearchAttributeKey(name, SearchAttributeType.KEYWORD);
    const present = workflowInfo().typedSearchAttributes.get(key) ?? null;
    if (present === value) this.#unsaved.delete(name);
    else this.#unsaved.set(name, { key, value });
  }

  /** Leaves out values that do not fit into a search attribute. */
  setList(name: KeywordListName, values: readonly string[]): void {
    const key = defineSearchAttributeKey(name, SearchAttributeType.KEYWORD_LIST);
    const present = workflowInfo().typedSearchAttributes.get(key);
    const value = withinLimit(values);
    if (JSON.stringify(present) === JSON.stringify(value)) this.#unsaved.delete(name);
    else this.#unsaved.set(name, { key, value });
  }

  /** Sends what has changed. */
  save(): void {
    if (this.#unsaved.size > 0) upsertSearchAttributes([...this.#unsaved.values()]);
    this.#unsaved.clear();
  }
}
