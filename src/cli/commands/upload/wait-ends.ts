/** Values of `--wait`: what `aplos-upload upload` waits for. */
export const WAIT_ENDS: readonly string[] = ['upload', 'results'];
