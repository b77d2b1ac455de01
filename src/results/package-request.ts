import type { DownloadOptions } from './download.js';
import type { Expectation } from './inspect.js';
import type { PackageOrigin } from './package-object.js';

/** One package, and where it goes. */
export interface PackageRequest extends Expectation {
  /** URL without placeholders: `file:///…` or `s3://…`. */
  readonly location: string;
  /** Whether the package is also unpacked, next to the zip file. Only for a `file:` location. */
  readonly unpack: boolean;
}

/** How a package is fetched, and for whom. */
export interface FetchOptions extends DownloadOptions {
  readonly origin: PackageOrigin;
  /** Identifies the step of the workflow that fetches the package, so that its next attempt removes what this one has left. */
  readonly owner: string;
}
