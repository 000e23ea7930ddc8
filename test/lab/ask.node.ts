import { Agent, type IncomingHttpHeaders, request } from "node:http";

/** What came back, as far as it came. */
export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  /** Name, value, name, value, as on the wire. */
  rawHeaders: string[];
  body: Uint8Array;
  text: string;
  /** Why the body ended before its time, where it did. */
  error: Error | undefined;
}

/** Options of {@link ask}. */
export interface AskOptions {
  method?: string;
  headers?: Record<string, string>;
  agent?: Agent;
  /** Milliseconds without a byte after which to give up; the error then says `idle`. */
  idleMs?: number;
}

/** One plain HTTP exchange: no redirect followed, nothing decoded, no header added, what came of a broken body kept. */
export function ask(url: string, options: AskOptions = {}): Promise<Reply> {
  const { method = "GET", headers = {}, agent = new Agent({ keepAlive: false }), idleMs = 5000 } = options;
  return new Promise((resolve, reject) => {
    let answered = false;
    const sent = request(url, { method, headers, agent }, (message) => {
      answered = true;
      const chunks: Uint8Array[] = [];
      let error: Error | undefined;
      message.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      message.on("error", (reason) => {
        error = reason;
      });
      message.on("close", () => {
        const body = new Uint8Array(Buffer.concat(chunks));
        const { statusCode: status = 0, headers: fields, rawHeaders } = message;
        resolve({ status, headers: fields, rawHeaders, body, text: new TextDecoder().decode(body), error });
      });
    });
    sent.setTimeout(idleMs, () => sent.destroy(new Error("idle")));
    // Once there are headers, the message itself reports the failure, together with the bytes that came.
    sent.on("error", (reason) => {
      if (!answered) reject(reason);
    });
    sent.end();
  });
}
