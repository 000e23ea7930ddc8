import { parseTar } from "nanotar";

export const listTar = (input) =>
  parseTar(input, { metaOnly: true }).map(({ name, size }) => ({ name, size }));
export const readTar = (input) => parseTar(input).map(({ data }) => data);
