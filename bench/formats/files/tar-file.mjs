const BLOCK = 512;

/** A tar of ustar headers, of members `{ name, bytes }`. */
export function tarOf(members) {
  const parts = members.flatMap(({ name, bytes }) => [
    headerOf(name, bytes.length),
    bytes,
    Buffer.alloc(-bytes.length & (BLOCK - 1)),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function headerOf(name, size) {
  const block = Buffer.alloc(BLOCK);
  const octal = (value, [start, length]) =>
    block.write(value.toString(8).padStart(length - 1, "0"), start, "latin1");
  block.write(name, 0, 100);
  octal(0o644, [100, 8]);
  octal(1000, [108, 8]);
  octal(1000, [116, 8]);
  octal(size, [124, 12]);
  octal(1_700_000_000, [136, 12]);
  block.fill(" ", 148, 156);
  block.write("0", 156, "latin1");
  block.write("ustar\u000000", 257, "latin1");
  block.write("someone", 265);
  block.write("some", 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return block;
}
