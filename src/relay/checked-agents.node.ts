import type { LookupAddress } from "node:dns";
import { once } from "node:events";
import { type AgentOptions, Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { RangeStreamsError } from "../errors.ts";
import { AddressPins } from "./address-pins.node.ts";
import { blockedError, type RelayNetwork } from "./relay-network.node.ts";

/** Connections that wait for the next range: more than one page keeps busy. *Unmeasured*. */
const MAX_FREE = 16;

interface Place {
  readonly host: string;
  readonly port: number;
}

/** The connections of a relay, kept open from one range to the next. */
export interface CheckedAgents {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
  destroy(): void;
}

/**
 * Agents that connect to addresses that were checked, and hold the address that they are connected to against the same rules before a
 * byte is sent: a name is resolved by us alone, and never twice. A proxy of the environment is not used, since it would connect
 * to wherever it likes.
 */
export function checkedAgents(network: RelayNetwork, idleMs: number): CheckedAgents {
  const pins = new AddressPins(network);
  const open = async (place: Place, secure: boolean): Promise<Socket> => {
    const addresses = await pins.addressesOf(place.host);
    try {
      const socket = await connectTo(place, addresses, idleMs);
      if (!network.isAllowed(socket.remoteAddress ?? "")) {
        socket.destroy();
        throw blockedError(place.host);
      }
      return secure ? await greet(socket, place, network) : socket;
    } catch (error) {
      pins.forget(place.host);
      throw error;
    }
  };
  const agentFor = <A extends HttpAgent>(agent: A, secure: boolean): A =>
    Object.assign(agent, {
      createConnection: (place: Place, done: (error: unknown, socket?: Socket) => void): void => {
        open(place, secure).then((socket) => done(null, socket), done);
      },
    });
  const options: AgentOptions = { keepAlive: true, maxFreeSockets: MAX_FREE, timeout: idleMs };
  const [http, https] = [agentFor(new HttpAgent(options), false), agentFor(new HttpsAgent(options), true)];
  return {
    http,
    https,
    destroy: () => {
      http.destroy();
      https.destroy();
    },
  };
}

/** A connection to one of the addresses, once it stands. */
async function connectTo(
  { host, port }: Place,
  addresses: readonly LookupAddress[],
  idleMs: number,
): Promise<Socket> {
  const lookup: LookupFunction = (_host, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else done(null, first?.address ?? "", first?.family);
  };
  const socket = connectTcp({ host, port, lookup });
  const late = () => socket.destroy(new RangeStreamsError("TIMEOUT", `${host}: got no byte for too long`));
  socket.setNoDelay(true).setTimeout(idleMs, late);
  await once(socket, "connect");
  return socket;
}

/** TLS over a connection; the certificate is held against the name, or the address where that was what was asked for. */
async function greet(socket: Socket, { host }: Place, { ca }: RelayNetwork): Promise<Socket> {
  const servername = isIP(host) === 0 ? host : "";
  const secured = connectTls({ socket, host, servername, ALPNProtocols: ["http/1.1"], ...(ca && { ca }) });
  try {
    await once(secured, "secureConnect");
    return secured;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
