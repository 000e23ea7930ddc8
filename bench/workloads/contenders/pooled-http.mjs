import { once } from "node:events";
import { Agent, request } from "node:http";

/** Bare node:http: requests for exact ranges over at most `connections` that stay open. */
export function pooledHttp(url, { connections = 16 } = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: "lifo" });
  const { hostname, port, pathname } = new URL(url);
  const send = (headers) =>
    new Promise((resolve, reject) => {
      request({ agent, hostname, port, path: pathname, headers }, resolve).on("error", reject).end();
    });
  return {
    connections,
    /** The bytes of [start, end), in one buffer. */
    async get(start, end) {
      const message = await send({ range: `bytes=${start}-${end - 1}` });
      return collect(message, end - start);
    },
    /** The last bytes, and where they begin. */
    async getSuffix(length) {
      const message = await send({ range: `bytes=-${length}` });
      const [, start, last] = /^bytes (\d+)-(\d+)\//.exec(message.headers["content-range"]).map(Number);
      return { start, bytes: await collect(message, last + 1 - start) };
    },
    /** Everything, chunk by chunk. */
    async getAll(onChunk) {
      const message = await send({});
      message.on("data", onChunk);
      await once(message, "end");
    },
    close: () => agent.destroy(),
  };
}

function collect(message, length) {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.allocUnsafeSlow(length);
    let at = 0;
    message.on("data", (chunk) => {
      at += chunk.copy(bytes, at);
    });
    message.on("error", reject);
    message.on("end", () => {
      if (message.statusCode === 206 && at === length) resolve(bytes);
      else reject(new Error(`${message.statusCode} with ${at} bytes`));
    });
  });
}
