import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import Client, { type buildConnector, type Dispatcher } from "undici/lib/dispatcher/client.js";

/** Whoever has a request on a {@link Connection} now. */
export interface ConnectionUser extends Dispatcher.DispatchHandler {
  /** A socket is being opened for its request. */
  connecting(): void;
  /** It is open; the request goes out next. */
  connected(): void;
}

/** What the connections of one origin have in common. */
export interface ConnectionParts {
  /** `scheme://host:port`. */
  readonly origin: string;
  /** Called when it closed while nobody used it, or whoever did has been told. */
  readonly onClose: (connection: Connection) => void;
  /** What resumes a TLS session; kept by whoever owns the connections. */
  readonly sessions: { latest: Buffer | undefined };
}

/**
 * An idle connection is closed after this, where the server says nothing of its own limit: long enough for a person to look at a
 * page between two reads, and shorter than the 60-75 s after which common servers close theirs.
 */
const IDLE_MS = 30_000;
/** TCP asks after a peer that has been silent for so long; as browsers do, more or less. */
const KEEP_ALIVE_MS = 60_000;

/**
 * One connection to one origin, with one request at a time. A {@link Client} of undici holds one socket and opens another when that was
 * closed; which one a request went out on, and how long that took to open, is noted here.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  readonly #client: Client;
  #user: ConnectionUser | undefined;
  #opening: Socket | undefined;
  /** Milliseconds until the socket of today was open. */
  #connectMs = 0;
  /** Requests that have gone out on it. */
  #served = 0;

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
    this.#client = new Client(parts.origin, {
      pipelining: 1,
      // All clocks are ours.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: IDLE_MS,
      connect: (options, callback) => this.#open(options, callback),
    });
    this.#client.on("disconnect", () => {
      if (this.#user === undefined) parts.onClose(this);
    });
  }

  /** Milliseconds that opening took, where this request is the first one on its socket. */
  get connectMs(): number | undefined {
    return this.#served > 1 ? undefined : this.#connectMs;
  }

  /** Its socket has carried another request before this one. */
  get isReused(): boolean {
    return this.#served > 1;
  }

  send(options: Dispatcher.DispatchOptions, user: ConnectionUser): void {
    this.#user = user;
    this.#client.dispatch(options, user);
  }

  /** The request that is out now went onto the wire. */
  sent(): void {
    this.#served++;
  }

  /** Its user is done, and another may come. */
  free(): void {
    this.#user = undefined;
  }

  /** Ends it and whatever is on it; resolves when its socket is closed. */
  async destroy(): Promise<void> {
    this.#user = undefined;
    const socket = this.#opening;
    socket?.destroy();
    await this.#client.destroy();
  }

  #open(
    { hostname, port, protocol, servername }: buildConnector.Options,
    done: buildConnector.Callback,
  ): void {
    const startedAt = performance.now();
    const secure = protocol === "https:";
    const place = { host: hostname, port: Number(port) || (secure ? 443 : 80) };
    const socket = secure ? this.#openTls(place, servername) : connectTcp(place);
    this.#opening = socket;
    socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS);
    const failed = (error: Error): void => {
      this.#opening = undefined;
      done(error, null);
    };
    socket.once("error", failed);
    socket.once(secure ? "secureConnect" : "connect", () => {
      socket.off("error", failed);
      this.#opening = undefined;
      this.#connectMs = performance.now() - startedAt;
      this.#served = 0;
      this.#user?.connected();
      done(null, socket);
    });
    this.#user?.connecting();
  }

  #openTls(place: { host: string; port: number }, servername: string | undefined): Socket {
    const { sessions } = this.#parts;
    const name = servername || (isIP(place.host) === 0 ? place.host : "");
    const session = sessions.latest;
    const socket = connectTls({
      ...place,
      servername: name,
      ALPNProtocols: ["http/1.1"],
      ...(session && { session }),
    });
    return socket.on("session", (latest) => {
      sessions.latest = latest;
    });
  }
}
