/** How texts are compared: as they are, without spaces around them, or also without regard to case. */
export const TEXT_RULES = ['exact', 'trimmed', 'ignore-case'] as const;

/** See {@link TEXT_RULES}. */
export type TextRule = (typeof TEXT_RULES)[number];
