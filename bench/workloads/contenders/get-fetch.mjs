/** The whole file by one fetch. */
export function openDownload(url) {
  return {
    async download(onChunk) {
      for await (const chunk of (await fetch(url)).body) onChunk(chunk);
    },
    close: () => undefined,
  };
}
