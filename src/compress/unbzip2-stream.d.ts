declare module "unbzip2-stream/lib/bzip2.js" {
  /** Gives the next bits; null aligns to the next byte. */
  type Bits = (count: number | null) => number;

  const bzip2: {
    /** Reads the header of a stream: its level, 1 to 9. */
    header(bits: Bits): number;
    /** Decodes one block and gives the checksum of the stream so far; null at the end of the stream. */
    decompress(
      bits: Bits,
      write: (byte: number) => void,
      block: Int32Array,
      blockSize: number,
      checksum: number,
    ): number | null;
  };
  export default bzip2;
}
