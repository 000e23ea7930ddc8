import { configure, HttpRangeReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";

configure({ useWebWorkers: false });

/** With the option that takes size and directory from one request for the end. */
export async function openZip(url) {
  const zip = new ZipReader(new HttpRangeReader(url, { combineSizeEocd: true }));
  const entries = await zip.getEntries();
  const named = new Map(entries.map((entry) => [entry.filename, entry]));
  return {
    list: () => entries.map(({ filename, uncompressedSize }) => ({ name: filename, size: uncompressedSize })),
    bytes: (name) => named.get(name).getData(new Uint8ArrayWriter()),
    stream: (name, onChunk) => named.get(name).getData(new WritableStream({ write: onChunk })),
    close: () => zip.close(),
  };
}
