import { BlockList, isIP } from "node:net";
import { env } from "node:process";

/** What the environment says of the way to a URL. */
export interface EnvironmentProxy {
  /** The URL of the proxy as it is written there, `http://` before it where it has no scheme; undefined for the direct way. */
  readonly proxy: string | undefined;
  /** The variable that says so; undefined where none does. */
  readonly variable: string | undefined;
}

/**
 * The HTTP proxy that the environment names for a URL, for the option `proxy`; undefined goes directly. Sends nothing. As Go's
 * `ProxyFromEnvironment`: `HTTPS_PROXY` for https:, `HTTP_PROXY` for http:, and, beyond Go, `ALL_PROXY` where there is no such one; each also in
 * lower case, which is looked at second. `HTTP_PROXY` in upper case is not heeded where `REQUEST_METHOD` is set: in a CGI program a request
 * could have set it. `localhost` and loopback addresses go directly, always. `NO_PROXY` lists, with commas or blanks between, what goes
 * directly too: `files.example` (and all below it), `.files.example` or `*.files.example` (what is below it alone), an address, a block such as
 * `10.0.0.0/8`, each but a block with a `:port` if need be; `*` is everything. Names are not resolved for that.
 */
export function environmentProxy(url: string): string | undefined {
  return findEnvironmentProxy(url).proxy;
}

/** The same as {@link environmentProxy}, and which variable says so. Sends nothing. */
export function findEnvironmentProxy(url: string): EnvironmentProxy {
  const { protocol, hostname, port } = new URL(url);
  const isSecure = protocol === "https:";
  const host = hostname.replace(/^\[|\]$/g, "");
  const direct = { proxy: undefined, variable: undefined };
  const found = findVariable([isSecure ? "HTTPS_PROXY" : "HTTP_PROXY", "ALL_PROXY"]);
  if (found === undefined || isLoopback(host)) return direct;
  const except = findVariable(["NO_PROXY"]);
  const target = { host, port: port || (isSecure ? "443" : "80") };
  if (except?.value.split(/[\s,]+/).some((entry) => covers(entry.toLowerCase(), target)))
    return { ...direct, variable: except.name };
  const { name, value } = found;
  return { proxy: value.includes("://") ? value : `http://${value}`, variable: name };
}

/** The first of them that says anything. */
function findVariable(names: readonly string[]): { name: string; value: string } | undefined {
  for (const name of names.flatMap((upper) => [upper, upper.toLowerCase()])) {
    const value = env[name]?.trim() ?? "";
    // What a request calls `Proxy:` a CGI program gets as HTTP_PROXY (CVE-2016-5385 and others: "httpoxy").
    if (value !== "" && (name !== "HTTP_PROXY" || !env["REQUEST_METHOD"])) return { name, value };
  }
  return undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || isWithin(host, "127.0.0.0/8") || isWithin(host, "::1");
}

/** Whether an entry of `NO_PROXY`, in lower case, is of this target. */
function covers(entry: string, { host, port }: { host: string; port: string }): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isWithin(host, entry);
  const parts = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(entry);
  // An IPv6 address without brackets has no port.
  const named = parts?.[1] ?? parts?.[2] ?? entry;
  const only = parts?.[3];
  if (named === "" || (only !== undefined && only !== port)) return false;
  if (isIP(named) !== 0) return isWithin(host, named);
  const below = named.replace(/^\*?(?=\.)/, "");
  return below.startsWith(".") ? host.endsWith(below) : host === below || host.endsWith(`.${below}`);
}

/** Whether `host` is an address, and this one or of this block of them. */
function isWithin(host: string, block: string): boolean {
  const [address = "", bits] = block.split("/");
  const [ofHost, ofBlock] = [isIP(host), isIP(address)];
  if (ofHost === 0 || ofBlock === 0) return false;
  const list = new BlockList();
  const family = ofBlock === 6 ? "ipv6" : "ipv4";
  const prefix = Number(bits ?? (ofBlock === 6 ? 128 : 32));
  if (!/^\d+$/.test(bits ?? "0") || prefix > (ofBlock === 6 ? 128 : 32)) return false;
  list.addSubnet(address, prefix, family);
  return list.check(host, ofHost === 6 ? "ipv6" : "ipv4");
}
