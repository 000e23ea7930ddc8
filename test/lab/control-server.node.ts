import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type RangeServer, startRangeServer } from "../../src/testing/range-server.node.ts";
import type { FileContent } from "../../src/testing/served-file.ts";
import type { WireContent, WireFile, WireLab, WireOptions } from "./lab-protocol.ts";

const CORS = { "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE" };

/** A server that starts range servers on request, so that tests in a browser have them too. */
export async function startControlServer(): Promise<{ url: string; close(): Promise<void> }> {
  const labs = new Map<number, RangeServer>();
  let lastId = 0;
  const start = async (options: WireOptions): Promise<WireLab> => {
    const files: Record<string, FileContent> = {};
    for (const [name, file] of Object.entries(options.files)) files[name] = fromWire(file);
    const lab = await startRangeServer({ ...options, files });
    lastId += 1;
    labs.set(lastId, lab);
    return { id: lastId, url: lab.url };
  };
  const answer = async (message: IncomingMessage): Promise<unknown> => {
    const [, , id, what, name = ""] = (message.url ?? "").split("/");
    if (id === undefined) return start(JSON.parse(await bodyOf(message)) as WireOptions);
    const lab = labs.get(Number(id));
    // Closed already, perhaps by a `close()` before the end of an `await using`.
    if (lab === undefined && message.method === "DELETE") return undefined;
    if (lab === undefined) throw new Error(`There is no lab ${id} any more`);
    switch (`${message.method} ${what ?? ""}`) {
      case "GET requests":
        return lab.requests;
      case "GET connections":
        return { open: lab.connections, peak: lab.peakConnections, total: lab.totalConnections };
      case "PUT files":
        return lab.replace(decodeURIComponent(name), fromWire(JSON.parse(await bodyOf(message)) as WireFile));
      case "DELETE files":
        return lab.remove(decodeURIComponent(name));
      case "DELETE ":
        labs.delete(Number(id));
        return lab.close();
      default:
        throw new Error(`The lab knows no ${message.method} ${message.url}`);
    }
  };
  const server = createServer((message, response) => {
    if (message.method === "OPTIONS") {
      response.writeHead(204, CORS).end();
      return;
    }
    answer(message).then(
      (value) => response.writeHead(200, CORS).end(value === undefined ? "" : JSON.stringify(value)),
      (error: unknown) => response.writeHead(400, CORS).end(String(error)),
    );
  });
  // A test that computes for seconds would else send its next request into a connection that was closed meanwhile.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      await Promise.all([...labs.values()].map((lab) => lab.close()));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function fromWire(file: WireFile): FileContent {
  const { content, lastModified, etag, contentType, headers } = file;
  return {
    bytes: contentFromWire(content),
    ...(etag === undefined ? {} : { etag }),
    ...(lastModified === undefined
      ? {}
      : { lastModified: lastModified === null ? null : new Date(lastModified) }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(headers === undefined ? {} : { headers }),
  };
}

function contentFromWire(content: WireContent): Uint8Array | string {
  if ("text" in content) return content.text;
  if ("base64" in content) return new Uint8Array(Buffer.from(content.base64, "base64"));
  return patternBytes(content.pattern, content.seed);
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of message) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString();
}
