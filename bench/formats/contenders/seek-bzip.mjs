import bunzip from "seek-bzip";

export const unbzip2 = (input, { size }) => [bunzip.decode(Buffer.from(input), size)];
