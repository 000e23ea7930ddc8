import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type ParsedHead, ResponseParser, ResponseSyntaxError } from "../http/response-parser.ts";
import type { ConnectionAddress } from "./connection-address.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { IDLE_MS, idleLimit } from "./idle-limit.ts";
import { openTunnel, type ProxyServer } from "./proxy-server.node.ts";
import type { Bytes } from "./source.ts";

/** What the connections of one origin have in common. */
export interface ConnectionParts {
  readonly address: ConnectionAddress;
  /** The way to a secure address is a tunnel through this one. */
  readonly proxy: ProxyServer | undefined;
  /** What resumes a TLS session; kept by whoever owns the connections. */
  readonly sessions: { latest: Buffer | undefined };
  /** The time limits of those that nobody uses. */
  readonly idleClock: Deadlines;
  /** Called when it closed while nobody used it. */
  readonly onClose: (connection: Connection) => void;
}

/** Whoever has a request on a {@link Connection} now. All calls of one request come in this order, and none after the last two. */
export interface ConnectionUser {
  /** A socket is being opened for its request. */
  onConnecting(): void;
  /** The request went onto the wire. */
  onSent(): void;
  /** Whatever went onto the wire before it has been answered. */
  onTurn(): void;
  onHead(head: ParsedHead): void;
  /** A part of the body, which belongs to the user. */
  onData(chunk: Bytes): void;
  /** The response is over; the connection may carry another request where it is not `closed`. */
  onEnd(): void;
  /** No response, or not all of it, will come. `unanswered`: not one byte of it did. */
  onError(cause: Error, unanswered: boolean): void;
}

/** TCP asks after a peer that has been silent for so long; as browsers do, more or less. */
const PROBE_MS = 60_000;
/** The buffer that a socket is read into; TLS gives one record at a time, which is no longer than the second. */
const READ_BYTES = 64 * 1024;
const TLS_READ_BYTES = 16 * 1024;
/**
 * What the buffer grows to while every read fills it. 256 MiB over loopback, each of five runs: with 64 KiB 334-362 ms, 128 KiB 248-297,
 * 256 KiB 204-224, 512 KiB 179-203, 1 MiB 162-179; Node itself reads 64 KiB at once. As much as this may come of a body that is then given up.
 */
const MAX_READ_BYTES = 384 * 1024;

/** So much of a body that nobody wants may pass for those behind it. *Unmeasured*; a body that was asked for in a pipeline has half of it. */
const MAX_PASSING_BYTES = 64 * 1024;

/** A request that is not yet answered. */
interface Asked {
  readonly method: string;
  readonly user: ConnectionUser;
  /** Whoever sent it has no more use for its answer. */
  isLeft: boolean;
  hasHead: boolean;
}

/**
 * One socket with one request on it at a time, or with several that are answered in their order (RFC 9112 section 9.3.2). What is read
 * lands in memory of ours and is handed on where it lies, so that no byte is copied here: small reads share an allocation, and whoever
 * keeps a little of it for long copies that (`#own` in the span map).
 */
export class Connection {
  /** Whatever the latest request has in common with those that may follow it at once. */
  pipeline: object | undefined;
  readonly #parts: ConnectionParts;
  /** That to the proxy while a tunnel is being opened. */
  #socket: Socket;
  readonly #parser: ResponseParser;
  readonly #openedAt = performance.now();
  readonly #closing: Promise<void>;
  /** What is read next lands here: in what is left of an allocation of `#size` bytes. */
  #room: Bytes;
  #size: number;
  /** Somebody was given a part of what was read. */
  #lent = false;
  /** Requests that are not yet answered, in their order: what comes is for the first of them. */
  readonly #asked: Asked[] = [];
  /** Requests that go onto the wire as soon as there is one. */
  #waiting: (() => void)[] = [];
  #isOpen = false;
  #connectMs = 0;
  #served = 0;
  /** Answers since it last had no request; and whether it had carried any before. */
  #answers = 0;
  #wasUsed = false;
  #unanswered = true;
  #paused = false;
  #idleMs = IDLE_MS;
  #idleUntil: Deadline | undefined;
  readonly #expire = (): void => this.#fail(otherSideClosed());
  #error: Error | undefined;
  #closed = false;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    const { address, proxy } = parts;
    const { secure } = address;
    this.#size = secure ? TLS_READ_BYTES : READ_BYTES;
    this.#room = allocate(this.#size);
    this.#parser = new ResponseParser({
      onHead: (head) => this.#takeResponseHead(head),
      onData: (chunk) => this.#takeData(chunk),
    });
    this.#socket =
      proxy === undefined
        ? this.#open()
        : openTunnel({ proxy, target: address }, (error) => this.#enterTunnel(error));
    // One turn of the loop later the other side has had the news before a new connection can reach it.
    this.#closing = new Promise((resolve) => this.#socket.once("close", () => setImmediate(resolve)));
    if (proxy === undefined) this.#listen(secure ? "secureConnect" : "connect");
  }

  /** Milliseconds that opening took, where the latest request is the first one. */
  get connectMs(): number | undefined {
    return this.#served > 1 ? undefined : this.#connectMs;
  }

  /** It has carried another request before the latest. */
  get isReused(): boolean {
    return this.#served > 1;
  }

  /** No request can go out on it any more. */
  get closed(): boolean {
    return this.#closed;
  }

  /** The latest answer was of HTTP/1.1. */
  get isHttp11(): boolean {
    return this.#parser.isHttp11;
  }

  /** A request on it is not yet answered. */
  get isBusy(): boolean {
    return this.#asked.length > 0;
  }

  /**
   * It was open to the server when it got what it has not answered: an answer came since, or there was none before for which it could
   * have been closed.
   */
  get wasAlive(): boolean {
    return this.#isOpen && (this.#answers > 0 || !this.#wasUsed);
  }

  /** Sends the head of a request that has no body, at once or when the socket is open; behind others if there are any. */
  send(head: string, method: string, user: ConnectionUser): void {
    const isFirst = !this.isBusy;
    this.#asked.push({ method, user, isLeft: false, hasHead: false });
    const write = (): void => {
      this.#served++;
      this.#socket.write(head, "latin1");
      user.onSent();
      if (isFirst) this.#nextTurn();
    };
    if (!this.#isOpen) {
      this.#waiting.push(write);
      user.onConnecting();
      return;
    }
    if (isFirst) {
      this.#answers = 0;
      this.#wasUsed = true;
      this.#leaveIdle();
      this.#socket.ref();
    }
    write();
  }

  #leaveIdle(): void {
    if (this.#idleUntil !== undefined) this.#parts.idleClock.delete(this.#idleUntil);
    this.#idleUntil = undefined;
  }

  /** Has the server wait with the rest of the body, until `resume`. */
  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /**
   * One user has no more use for its answer, which is let pass where it is short and others wait for theirs; else this ends the connection,
   * and resolves when its socket is closed.
   */
  leave(user: ConnectionUser): Promise<void> {
    const asked = this.#asked.find((one) => one.user === user);
    if (asked !== undefined) asked.isLeft = true;
    if (this.#asked.every(({ isLeft }) => isLeft) || this.#isStuck) return this.destroy(user);
    this.resume();
    return Promise.resolve();
  }

  /** What comes now is a long body that nobody wants. */
  get #isStuck(): boolean {
    const [current] = this.#asked;
    return current?.isLeft === true && current.hasHead && this.#parser.bodyLeft > MAX_PASSING_BYTES;
  }

  /** Ends it and whatever is on it. `user`, who wants that, hears no more; resolves when its socket is closed. */
  destroy(user?: ConnectionUser): Promise<void> {
    this.#close(otherSideClosed(), user);
    return this.#closing;
  }

  #close(cause: Error, but?: ConnectionUser): void {
    this.#closed = true;
    this.#leaveIdle();
    this.#socket.destroy();
    const [current] = this.#asked;
    for (const asked of this.#asked.splice(0))
      if (asked.user !== but) asked.user.onError(cause, asked !== current || this.#unanswered);
  }

  #enterTunnel(error: Error | undefined): void {
    if (this.#closed) return;
    if (error !== undefined) {
      this.#fail(error);
      return;
    }
    this.#socket = this.#open(this.#socket);
    // Node takes no `onread` over a socket that is there already.
    this.#socket.on("data", (chunk: Bytes) => this.#readThroughTunnel(chunk));
    this.#listen("secureConnect");
  }

  /** `tunnel`: what TLS goes over, where that is there already. */
  #open(tunnel?: Socket): Socket {
    const { address, sessions } = this.#parts;
    const onread: OnReadOpts = {
      buffer: () => this.#room,
      callback: (length) => {
        this.#read(length);
        return !this.#paused;
      },
    };
    const { host, port } = address;
    if (!address.secure) return connectTcp({ host, port, onread });
    const session = sessions.latest;
    const servername = isIP(host) === 0 ? host : "";
    // The types of Node know of `onread` for TCP alone; its documentation has it for both.
    const options = {
      host,
      port,
      ...(tunnel === undefined ? { onread } : { socket: tunnel }),
      servername,
      ALPNProtocols: ["http/1.1"],
      ...(session && { session }),
    };
    return connectTls(options).on("session", (latest) => {
      sessions.latest = latest;
    });
  }

  #listen(opened: string): void {
    const socket = this.#socket;
    socket.setNoDelay(true).setKeepAlive(true, PROBE_MS);
    socket.once(opened, () => {
      this.#connectMs = performance.now() - this.#openedAt;
      this.#isOpen = true;
      for (const write of this.#waiting.splice(0)) write();
    });
    // Bytes go around the stream (`onread`); its end comes only to who reads it.
    socket.resume();
    socket.once("end", () => this.#ended());
    socket.on("error", (error) => {
      this.#error = error;
    });
    socket.once("close", () => {
      if (!this.#closed) this.#fail(this.#error ?? otherSideClosed());
    });
  }

  #read(length: number): void {
    const room = this.#room;
    this.#lent = false;
    try {
      this.#take(length === room.byteLength ? room : room.subarray(0, length));
    } catch (error) {
      this.#fail(error as Error);
    }
    this.#makeRoom(length);
  }

  /** As {@link Connection.#read}, of what Node allocated. */
  #readThroughTunnel({ buffer, byteOffset, byteLength }: Bytes): void {
    try {
      this.#take(new Uint8Array(buffer, byteOffset, byteLength));
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #take(bytes: Bytes): void {
    for (let at = 0; at < bytes.byteLength && !this.#closed; ) {
      // Nobody asked for anything yet: whatever this is, it must not become the answer to the next request.
      if (this.#parser.isOver) throw new ResponseSyntaxError("bytes that nobody asked for");
      this.#unanswered = false;
      at += this.#parser.push(at === 0 ? bytes : bytes.subarray(at));
      if (!this.#parser.isOver || this.#closed) continue;
      this.#end(this.#parser.isPersistent && (at === bytes.byteLength || this.#asked.length > 1));
    }
  }

  /** Room for the next read, by what the last one brought: what was lent is never written to again. */
  #makeRoom(length: number): void {
    const room = this.#room.byteLength;
    const canChange = !this.#parts.address.secure;
    const left = this.#lent ? room - length : room;
    if (canChange && length === room && this.#size < MAX_READ_BYTES)
      this.#allocate(Math.min(2 * this.#size, MAX_READ_BYTES));
    else if (canChange && 16 * length < this.#size && this.#size > READ_BYTES)
      this.#allocate(Math.max(READ_BYTES, this.#size / 2));
    else if (2 * left < this.#size) this.#allocate(this.#size);
    else if (this.#lent) this.#room = this.#room.subarray(length);
  }

  #allocate(size: number): void {
    this.#size = size;
    this.#room = allocate(size);
  }

  #takeResponseHead(head: ParsedHead): void {
    this.#idleMs = idleLimit(head.headers.get("keep-alive"));
    const [current] = this.#asked;
    if (current === undefined) return;
    current.hasHead = true;
    current.user.onHead(head);
    if (this.#isStuck) void this.destroy();
  }

  #takeData(chunk: Bytes): void {
    this.#lent = true;
    this.#asked[0]?.user.onData(chunk);
  }

  #ended(): void {
    if (this.isBusy && !this.#parser.isOver && this.#parser.end()) this.#end(false);
    else this.#fail(this.#error ?? otherSideClosed());
  }

  /** What comes now answers the first of the requests that are not yet answered. */
  #nextTurn(): void {
    const next = this.#asked[0];
    if (next === undefined) return;
    this.#unanswered = true;
    this.#parser.begin(next.method);
    next.user.onTurn();
  }

  #end(reusable: boolean): void {
    const ended = this.#asked.shift();
    this.#answers++;
    if (this.#paused) this.resume();
    const isWanted = this.isBusy && this.#asked.some(({ isLeft }) => !isLeft);
    if (reusable && isWanted) this.#nextTurn();
    else if (reusable && !this.isBusy && this.#idleMs > 0) {
      // An idle connection does not keep the process alive.
      this.#idleUntil = this.#parts.idleClock.add(this.#idleMs, this.#expire);
      this.#socket.unref();
    } else {
      // What is behind it will not be answered any more, or is no longer wanted. It counts as a connection until it is closed.
      this.#unanswered = true;
      void this.destroy().then(() => ended?.user.onEnd());
      return;
    }
    ended?.user.onEnd();
  }

  #fail(cause: Error): void {
    const isIdle = !this.isBusy;
    this.#close(cause);
    if (isIdle) this.#parts.onClose(this);
  }
}

function otherSideClosed(): Error {
  return Object.assign(new Error("the other side closed the connection"), { code: "ECONNRESET" });
}

/** Not zeroed: nobody sees more of it than was read into it. */
function allocate(length: number): Bytes {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer as ArrayBuffer);
}
