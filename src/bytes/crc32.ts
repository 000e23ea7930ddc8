import { crc32Final, crc32Init, crc32Update } from "@foxglove/crc";

/** A CRC-32 in the making (reflected polynomial 0xEDB88320: that of zip, gzip and PNG). */
export interface Crc32 {
  /** Takes in the next bytes; keeps no reference to them. */
  update(bytes: Uint8Array): void;
  /** The checksum of all bytes so far, unsigned. More may follow. */
  digest(): number;
}

/** Starts a CRC-32 over no bytes, whose digest is 0. */
export function createCrc32(): Crc32 {
  let state = crc32Init();
  return {
    update: (bytes) => {
      state = crc32Update(state, bytes);
    },
    digest: () => crc32Final(state),
  };
}
