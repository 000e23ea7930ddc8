import { PassThrough, Readable } from "node:stream";
import { Open } from "unzipper";

/** `Open.custom` over fetch: its own `Open.url` wants the package `request`. */
export async function openZip(url) {
  const source = {
    size: async () => Number((await fetch(url, { method: "HEAD" })).headers.get("content-length")),
    stream(offset, length) {
      const stream = new PassThrough();
      const range = `bytes=${offset}-${length === undefined ? "" : offset + length - 1}`;
      fetch(url, { headers: { range } }).then(
        (response) =>
          Readable.fromWeb(response.body)
            .on("error", () => undefined)
            .pipe(stream),
        (error) => stream.destroy(error),
      );
      return stream;
    },
  };
  const { files } = await Open.custom(source);
  const named = new Map(files.map((file) => [file.path, file]));
  return {
    list: () => files.map(({ path, uncompressedSize }) => ({ name: path, size: uncompressedSize })),
    bytes: (name) => named.get(name).buffer(),
    async stream(name, onChunk) {
      for await (const chunk of named.get(name).stream()) onChunk(chunk);
    },
    close: () => undefined,
  };
}
