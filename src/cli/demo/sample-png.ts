import { deflateSync, gzipSync } from "node:zlib";

/** A small PNG (256 by 256, RGB, a gradient), the same bytes in every run. */
export function makeSamplePng(): Uint8Array {
  const side = 256;
  const rows = Buffer.alloc(side * (1 + side * 3));
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) rows.set([x, y, (x ^ y) & 0xff], y * (1 + side * 3) + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]);
}

/** Length, type, data and the CRC-32 of the latter two (PNG, third edition, section 5.3). */
function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  // gzip's trailer starts with the very same checksum.
  const gzip = gzipSync(body, { level: 0 });
  const framed = Buffer.alloc(8 + body.length);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(gzip.readUInt32LE(gzip.length - 8), framed.length - 4);
  return framed;
}
