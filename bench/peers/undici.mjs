import { Agent, request } from "undici";

/** The whole file by one GET, the fastest way of npm's HTTP clients. */
export function openDownload(url) {
  const dispatcher = new Agent();
  return {
    async download(onChunk) {
      const { body } = await request(url, { dispatcher });
      for await (const chunk of body) onChunk(chunk);
    },
    close: () => dispatcher.close(),
  };
}
