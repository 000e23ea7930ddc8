/** One fetch a read; nothing is kept. */
export function openReader(url) {
  return {
    async read(start, end) {
      const response = await fetch(url, { headers: { range: `bytes=${start}-${end - 1}` } });
      return new Uint8Array(await response.arrayBuffer());
    },
    close: () => undefined,
  };
}
