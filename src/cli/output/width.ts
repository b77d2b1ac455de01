import stringWidth from 'string-width';
import { renderLine } from './terminal.js';

/** Returns the number of columns that a line takes in the terminal. */
export const widthOf = (line: string): number => stringWidth(renderLine(line));
