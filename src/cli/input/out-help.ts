/** Help of the option `--out`. */
export const OUT_HELP = 'store the results in this directory or URL';
