import { createServer as createHttpServer, request as forward, type IncomingMessage } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";
import { exampleCertificate } from "./example-certificate.node.ts";

/** What a proxy was asked. */
interface AskedProxy {
  readonly method: string;
  /** As sent: `host:port` of a CONNECT, else a URL. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
}

/** An HTTP proxy on loopback, which alone knows where names lead, so that nothing leaves loopback. */
export interface LoopbackProxy extends AsyncDisposable {
  /** Without a slash at the end. */
  readonly url: string;
  readonly asked: AskedProxy[];
  readonly totalConnections: number;
  /** Connections that clients have open now. */
  readonly openConnections: number;
  /** Closes all of them. */
  cut(): void;
}

export interface LoopbackProxyOptions {
  /** Ports on loopback by `host:port`. */
  readonly hosts: Readonly<Record<string, number>>;
  /** `user:password` that is wanted. */
  readonly credentials?: string;
  /** Clients speak TLS to it. */
  readonly secure?: boolean;
  /** Answers a CONNECT in place of the proxy. */
  readonly onConnect?: (socket: Socket) => void;
}

/** Starts a proxy that tunnels (CONNECT) and forwards (absolute-form). What it does not know is status 502. */
export async function startLoopbackProxy(options: LoopbackProxyOptions): Promise<LoopbackProxy> {
  const { hosts, credentials, secure = false, onConnect } = options;
  const sockets = new Set<Socket>();
  const asked: AskedProxy[] = [];
  let totalConnections = 0;
  const due = credentials && `Basic ${Buffer.from(credentials).toString("base64")}`;
  const note = ({ method = "", url = "", headers }: IncomingMessage): boolean => {
    asked.push({ method, target: url, headers });
    return due !== undefined && headers["proxy-authorization"] !== due;
  };
  const server = secure ? createHttpsServer(exampleCertificate) : createHttpServer();
  server.on("request", (request: IncomingMessage, response) => {
    const { host, path } = splitTarget(request.url ?? "");
    const port = hosts[host];
    if (note(request)) response.writeHead(407, { "proxy-authenticate": "Basic", "content-length": 0 }).end();
    else if (port === undefined) response.writeHead(502, { "content-length": 0 }).end();
    else {
      const { "proxy-authorization": _, ...headers } = request.headers;
      const onward = forward({ port, host: "127.0.0.1", path, method: request.method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy()).end();
    }
  });
  server.on("connect", (request: IncomingMessage, socket: Socket) => {
    socket.on("end", () => socket.end());
    const port = hosts[request.url ?? ""];
    if (note(request))
      socket.end("HTTP/1.1 407 No\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nno");
    else if (onConnect !== undefined) onConnect(socket);
    else if (port === undefined) socket.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
    else {
      const onward = connect(port, "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
        socket.pipe(onward).pipe(socket);
      });
      onward.on("error", () => socket.destroy()).on("close", () => socket.destroy());
      socket.on("close", () => onward.destroy());
    }
  });
  server.on("connection", (socket: Socket) => {
    totalConnections++;
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  });
  server.on("secureConnection", (socket: Socket) => socket.on("error", () => undefined));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `${secure ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    get totalConnections() {
      return totalConnections;
    },
    get openConnections() {
      return sockets.size;
    },
    cut,
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function splitTarget(target: string): { host: string; path: string } {
  if (!URL.canParse(target)) return { host: "", path: "" };
  const { host, port, pathname, search } = new URL(target);
  return { host: port === "" ? `${host}:80` : host, path: pathname + search };
}
