/**
 * Reads the start of a response as text. Never throws: if the connection drops or the wait ends, what has arrived is enough.
 *
 * @param wait limits the wait for the response. Default: no limit
 */
export async function readStart(
  body: AsyncIterable<Buffer>,
  maxBytes: number,
  wait = (reading: Promise<void>) => reading,
): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const read = async () => {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= maxBytes) break;
    }
  };
  await wait(read()).catch(() => {});
  return Buffer.concat(chunks).subarray(0, maxBytes).toString('utf8');
}
