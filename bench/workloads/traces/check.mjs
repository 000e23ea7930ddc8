/** Throws unless `bytes` are exactly those of [start, end) of `file`. */
export function check(file, { start, end }, bytes) {
  mustBe(bytes?.length === end - start, `[${start}, ${end}) came as ${bytes?.length} bytes`);
  mustBe(file.matches(start, bytes), `[${start}, ${end}) came with wrong bytes`);
}

export function mustBe(isRight, what) {
  if (!isRight) throw new Error(`Wrong: ${what}`);
}
