import { Readable } from "node:stream";
import { promisify } from "node:util";
import yauzl from "yauzl";

const BLOCK = 64 * 1024;

/** Blocks of 64 KiB are kept under it: without them yauzl asks twice for every entry of the directory. */
class CachedReader extends yauzl.RandomAccessReader {
  #url;
  #size;
  #blocks = new Map();

  constructor(url, size) {
    super();
    this.#url = url;
    this.#size = size;
  }

  _readStreamForRange(start, end) {
    return Readable.from(this.#fetched(start, end));
  }

  async *#fetched(start, end) {
    for await (const chunk of (await this.#get(start, end)).body)
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  read(...[buffer, offset, length, position, callback]) {
    const copied = this.#copy(buffer.subarray(offset, offset + length), position);
    void copied.then(() => callback(), callback);
  }

  async #copy(target, position) {
    for (let at = 0; at < target.length; ) {
      const index = Math.floor((position + at) / BLOCK);
      if (!this.#blocks.has(index)) this.#blocks.set(index, this.#block(index));
      at += (await this.#blocks.get(index)).copy(target, at, position + at - index * BLOCK);
    }
  }

  async #block(index) {
    const response = await this.#get(index * BLOCK, Math.min((index + 1) * BLOCK, this.#size));
    return Buffer.from(await response.arrayBuffer());
  }

  #get(start, end) {
    return fetch(this.#url, { headers: { range: `bytes=${start}-${end - 1}` } });
  }
}

export async function openZip(url) {
  const size = Number((await fetch(url, { method: "HEAD" })).headers.get("content-length"));
  const reader = new CachedReader(url, size);
  const zip = await promisify(yauzl.fromRandomAccessReader)(reader, size, {
    lazyEntries: true,
    autoClose: false,
  });
  const named = new Map();
  await new Promise((resolve, reject) => {
    zip.on("entry", (entry) => {
      named.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on("end", resolve).on("error", reject);
    zip.readEntry();
  });
  const open = (name) => promisify(zip.openReadStream.bind(zip))(named.get(name));
  return {
    list: () =>
      [...named.values()].map(({ fileName, uncompressedSize }) => ({
        name: fileName,
        size: uncompressedSize,
      })),
    async bytes(name) {
      const chunks = [];
      for await (const chunk of await open(name)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async stream(name, onChunk) {
      for await (const chunk of await open(name)) onChunk(chunk);
    },
    close: () => zip.close(),
  };
}
