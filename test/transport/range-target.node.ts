import { createServer as createHttpServer, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { exampleCertificate } from "./example-certificate.node.ts";

/** A server of one file on loopback, at every path but `/moved`. */
export interface RangeTarget extends AsyncDisposable {
  readonly port: number;
  readonly requests: { readonly url: string; readonly headers: IncomingMessage["headers"] }[];
  readonly totalConnections: number;
  /** Where `/moved` leads. */
  location: string;
}

export async function startRangeTarget(bytes: Uint8Array, { secure = false } = {}): Promise<RangeTarget> {
  const requests: RangeTarget["requests"] = [];
  const sockets = new Set<Socket>();
  let totalConnections = 0;
  const server = secure ? createHttpsServer(exampleCertificate) : createHttpServer();
  const target: RangeTarget = {
    port: 0,
    requests,
    get totalConnections() {
      return totalConnections;
    },
    location: "",
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  server.on("request", ({ url = "", headers }: IncomingMessage, response) => {
    requests.push({ url, headers });
    if (url === "/moved") {
      response.writeHead(302, { location: target.location, "content-length": 0 }).end();
      return;
    }
    const [, first = "0", last = ""] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? "") ?? [];
    const start = Number(first);
    const end = last === "" ? bytes.length : Math.min(bytes.length, Number(last) + 1);
    const fields = {
      "content-range": `bytes ${start}-${end - 1}/${bytes.length}`,
      "content-length": end - start,
      etag: '"a"',
    };
    response.writeHead(206, fields).end(bytes.subarray(start, end));
  });
  server.on(secure ? "secureConnection" : "connection", (socket: Socket) => {
    totalConnections++;
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(target, { port: (server.address() as AddressInfo).port });
}
