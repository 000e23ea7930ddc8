/** Where connections lead. */
export interface ConnectionAddress {
  readonly secure: boolean;
  /** A name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

/** That of an origin, `scheme://host:port`. */
export function addressOf(origin: string): ConnectionAddress {
  const { protocol, hostname, port } = new URL(origin);
  const secure = protocol === "https:";
  return { secure, host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) || (secure ? 443 : 80) };
}
