/**
 * Links, as the origin imitates them. Bandwidths are bytes a second, of one connection and of all together; the round trip comes
 * before every answer, and once more before the first one of a connection.
 */
export const profiles = {
  lan: { rttMs: 0, connection: Number.POSITIVE_INFINITY, link: Number.POSITIVE_INFINITY },
  cloud: { rttMs: 20, connection: 50e6, link: 125e6 },
  wan: { rttMs: 100, connection: 10e6, link: 50e6 },
  // What an object store does to one connection, on a machine whose own link is not the limit.
  conn: { rttMs: 20, connection: 50e6, link: Number.POSITIVE_INFINITY },
};
