import { buildZip, pack } from "./build-zip.ts";

/**
 * A zip of so many empty members `00000000`, `00000001` …, made fast enough for a million: local headers, then the directory. In
 * zip64 from 65,535 on, as it has to be, unless `modulo`: then the count of the classic end record has simply run over.
 */
export function manyEntries(count: number, { modulo = false } = {}): Uint8Array<ArrayBuffer> {
  const one = buildZip([{ name: "00000000" }]);
  const [localLength, centralLength] = [38, 54];
  const local = one.subarray(0, localLength);
  const central = one.subarray(localLength, localLength + centralLength);
  const body = new Uint8Array(count * (localLength + centralLength));
  const view = new DataView(body.buffer);
  const directoryOffset = count * localLength;
  for (let index = 0; index < count; index++) {
    const name = String(index).padStart(8, "0");
    const [atLocal, atCentral] = [index * localLength, directoryOffset + index * centralLength];
    body.set(local, atLocal);
    body.set(central, atCentral);
    for (let digit = 0; digit < 8; digit++) {
      body[atLocal + 30 + digit] = name.charCodeAt(digit);
      body[atCentral + 46 + digit] = name.charCodeAt(digit);
    }
    view.setUint32(atCentral + 42, atLocal, true);
  }
  const sizes = { directorySize: count * centralLength, directoryOffset };
  const entries = { entries: count % 65_536, entriesOnDisk: count % 65_536 };
  const wide = { entries: count, entriesOnDisk: count, ...sizes };
  const zip64 = count >= 65_535 && !modulo;
  const end = zip64
    ? buildZip([], { zip64, zip64End: wide, locator: { recordOffset: body.length } })
    : buildZip([], { end: { ...entries, ...sizes } });
  return pack(body, end);
}
