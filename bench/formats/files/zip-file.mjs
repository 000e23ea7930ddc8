import { crc32, deflateRawSync } from "node:zlib";
import { zipOf } from "../../workloads/files/zip-file.mjs";

const STORE = 0;
const DEFLATE = 8;

/** A zip of members `{ name, bytes, method, packed }`; `method` is deflate and `packed` made where it is not given. */
export function zipFile(members) {
  const laid = zipOf(members.map(memberOf));
  return laid.bytes(0, laid.size);
}

/** The same archive with one byte of the first member another than its checksum was made of. */
export function damagedZip([first, ...others]) {
  const bytes = Buffer.from(first.bytes);
  bytes[bytes.length >> 1] ^= 1;
  const packed = pack(first.method, bytes);
  return zipFile([{ ...first, packed, sum: crc32(first.bytes) }, ...others]);
}

function memberOf({ name, bytes, method = DEFLATE, packed = pack(method, bytes), sum = crc32(bytes) }) {
  return {
    name,
    method,
    size: bytes.length,
    crc: sum,
    stored: { bytes: packed, length: packed.length },
    content: { bytes, length: bytes.length },
  };
}

function pack(method, bytes) {
  return method === STORE ? bytes : deflateRawSync(bytes, { level: 6 });
}
