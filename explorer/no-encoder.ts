/** Stands for the encoder that the library for lzma brings along: this page only reads. */
export class Encoder {}
