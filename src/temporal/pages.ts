interface Page {
  readonly nextPageToken?: Uint8Array | null;
}

/**
 * Reads the pages of a list, one after the other.
 *
 * @param read reads one page; its argument has to be added to the request
 */
export async function* pagesOf<Of extends Page>(
  read: (token: { nextPageToken?: Uint8Array }) => Promise<Of>,
): AsyncGenerator<Of, void> {
  let token: { nextPageToken?: Uint8Array } | undefined = {};
  while (token) {
    const page: Of = await read(token);
    yield page;
    const { nextPageToken } = page;
    token = nextPageToken?.length ? { nextPageToken } : undefined;
  }
}
