import { text } from "./build-zip.ts";

// What other tools made of the same texts, as raw as it lies in a zip: 7-Zip 16.02 (deflate64, lzma), Python's bz2 at level 1 (four
// blocks of the large text) and lzma, zstd 1.5.4 at level 19 (with a checksum).

/** The texts that were compressed. */
export const SAMPLE_TEXTS = { small: sampleText(200, 1), large: sampleText(40, 500) } as const;

function sampleText(lines: number, repeats: number): Uint8Array<ArrayBuffer> {
  const once = Array.from({ length: lines }, (_, index) => `line ${index} of a sample\n`).join("");
  return text(once.repeat(repeats));
}

export type SampleMethod = "deflate64" | "bzip2" | "lzma" | "zstd" | "xz";

/** Their numbers in a zip. */
export const SAMPLE_METHODS: Readonly<Record<SampleMethod, number>> = {
  deflate64: 9,
  bzip2: 12,
  lzma: 14,
  zstd: 93,
  xz: 95,
};

/** A text compressed, as a view whose byteOffset is not 0. */
export function compressedSample(
  method: SampleMethod,
  size: keyof typeof SAMPLE_TEXTS,
): Uint8Array<ArrayBuffer> {
  const decoded = Uint8Array.from(atob(`AAAA${SAMPLES[size][method]}`), (character) =>
    character.charCodeAt(0),
  );
  return decoded.subarray(3);
}

const SAMPLES: Readonly<Record<keyof typeof SAMPLE_TEXTS, Readonly<Record<SampleMethod, string>>>> = {
  small: {
    deflate64:
      "bdU5al1RFETR3KP4Q7jN6TQcBTIY5AY8fzA4E2+lK6od1eePXx+v9fr9/fX++vv+88/nx7f/tJ90nnSfFE/KJ9WT+knzpDdM1fwNO7ALC1jCCt" +
      "awgaHjLNiGHdiFBSxhBWvYwNBxF2zDDuzCApawgjVsYOiIBduwA7uwgCWsYA0bGDpywTbswC4sYAkrWMMGho5asA07sAsLWMIK1rCBoaMXbMMO" +
      "7MIClrCCNWxg6JgF27ADu7CAJaxgDRsYOt4WbMMO7MIClrCCNWxg/MEl3MIjvMIQprCELRyhinztW3iEVxjCFJawhSNU0VnCLTzCKwxhCkvYwh" +
      "Gq6C7hFh7hFYYwhSVs4QhVFEu4hUd4hSFMYQlbOEIV5RJu4RFeYQhTWMIWjlBFtYRbeIRXGMIUlrCFI1RRL+EWHuEVhjCFJWzhCFU0S7iFR3iF" +
      "IUxhCVs4QhW9LeEWHuEVhjCFJWzhCL8W/QM=",
    bzip2:
      "QlpoMTFBWSZTWQw1rekABaVZgAAQQAB/4CMnyABAAfBzBCD//VUgf6p/qqgABqIZp/qpSeUAxRoyBo0yNBCqlMn+01UIaZp3JJaS3kktJbvF5f" +
      "Nab9fHelwCjgBkcgYDoHQMByBkcAKLgGkACjgBkcgYDoHQMByBkcAKLgGkADySWkt5vc3ve9736qqqqqtS0R3ve973u5mZmZmdhKUpSlKUpSlK" +
      "UpSlN8bbu7u7m5mZmZ3KqqAC4riqra22258AAAXFXSqttbbbnuAABcVXWq22ttuewAAFxVXarbbW256gAAXFVXetttrbnoAABcVVXi2221ueAA" +
      "APFb+t3d3d5znOc5zm1VVVVVIIPkBB+QEH6AQfsBB8AIPkBB+gEH5AQfsBBwBB8gIMAg/gu5IpwoSAYa1vSA==",
    lzma:
      "GgIFAF0AEAAAADYaSh8IoCYDTQad7+2MZZM+Z5axIkdEjxRRj/hYNyQg7uoeSjtOYnWMkxBkUTBlGgAQVD+PUj2GFRjwbif4i9BsMYCoUinkFp" +
      "GcDRMu+pF76tf5e1rMSRhsbOa/MfXC3QbGJgy3xcBULWfakfK9x8G+7OUIqERHB1l6J5xEdS8xvoxs6JUKiBaX4KehIMtNkuh7tXp2mUk4f0cf" +
      "io6+tHnlnYwGUEtOqYI+xh+xdTasOcH/Ho0LkPwpcfryhw6EJI8eYbwvJhLpn6tOCP0Ysame7jZCX+34vb0wkHSZ0Z8g/BhH2KlIPgzmNCu8w8" +
      "bRTLDq6/PBTFPfXPUzF+kuRh7sMVWCENPtixf6AtV05PNaLwotXmoD//31MmA=",
    zstd:
      "KLUv/WT6DuUHAOZTKBWQGaTVgBkW1lpVdUEksrt3+Or54AQuACIAGgBmVVVVVVVERERERDMzMzMzIiIiIiL/D3FWNBJgwEDhQGAhQCCAICFgCB" +
      "hAKDAI8v//h8PhcDgcDofDMcYYY4wxhBBCCCGEuLu7u7szMzMzC7bWWmuttVZKKaWUUkrnnHPOOeeUUkoppZQB4ziO4ziO4yiKoiiKoiiK9957" +
      "7733WmuttdbagMioERD6/TfQU3URJASfEEj8V0uzs7mZWVtVzc3M1mZqbXE1qHsapSua0O2Zzt0M5gsACACAAAAIAIAAAAjUMpQrGZDrGMZVDO" +
      "IahvAVDBMYJpjJWg0gVacIo1g=",
    xz:
      "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4A/5ARRdADYaSh8IoCYDTQad7+2MZZM+Z5axIkdEjxRRj/hYNyQg7uoeSjtOYnWMkxBkUTBlGgAQVD" +
      "+PUj2GFRjwbif4i9BsMYCoUinkFpGcDRMu+pF76tf5e1rMSRhsbOa/MfXC3QbGJgy3xcBULWfakfK9x8G+7OUIqERHB1l6J5xEdS8xvoxs6JUK" +
      "iBaX4KehIMtNkuh7tXp2mUk4f0cfio6+tHnlnYwGUEqQWj7ZfCaM73k5em9jCU3yQa+1wyQVZXw6H/BTLJUJH5yokSsi0r6Nud8bbFJ3Ib8IN9" +
      "Yd/TiOuDGrKDCgKHEZ/MA2udbl55MZ6DzJ4pL2odPLwjkUcroet8VwQORxpu9QO4+lYNBMLhfvdbHKAABz5JlkURUhdwABsAL6HwAARob+XbHE" +
      "Z/sCAAAAAARZWg==",
  },
  large: {
    deflate64:
      "5NO5CcNAAETR3FWoBGlXx7ocBTIY5APcPxicmZ0OXvqjmeCd9+cxjMPrNuzDZ3+8z+PyS1OfSp9qn+Y+LX1a+7T1qfXpGqam+VNoJbQa2hzaEt" +
      "oa2hZaCy38KGNoU2gltBraHNoS2hraFloLLfyoY2hTaCW0Gtoc2hLaGtoWWgvt/wevglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfB" +
      "q+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4Fb" +
      "wKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfB" +
      "q+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4Fb" +
      "wKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfB" +
      "q+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfBq+BV8Cp4FbwKXgWvglfxJZ8OBAAAAA" +
      "CA/F8L4UG/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/" +
      "ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9C" +
      "v6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/" +
      "ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9C" +
      "v6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/" +
      "ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6FcinAwEAAAAAIP/XQnjQr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol" +
      "/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6" +
      "Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol" +
      "/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6" +
      "Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol" +
      "/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6" +
      "Ff2KfgXy6UAAAAAAAMj/tRAe9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff" +
      "2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/R" +
      "r+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff" +
      "2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/R" +
      "r+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff" +
      "2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol+BfDoQAAAAAADyfy2EB/2KfkW/ol/Rr+hX9Cv6Ff2K" +
      "fkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+" +
      "hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2K" +
      "fkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+" +
      "hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2K" +
      "fkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+" +
      "hX9Cv6Ff2KfkW/ol/Rr+hXIJ8OBAAAAACA/F8L4UG/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX" +
      "9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2Kfk" +
      "W/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX" +
      "9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2Kfk" +
      "W/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX" +
      "9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6FcqnAwEAAAAAIP/XQnjQr+hX9C" +
      "v6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/" +
      "ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9C" +
      "v6Ff2KfkW/ol/Rr+hX9Cv6Ff2KfkW/ol/Rr+hX9Cv6Ff2KYgU=",
    bzip2:
      "QlpoMTFBWSZTWcJZ/5YAh/NZgAAQQAB/4CMnyABAAhwAAKNGQNGmRoUaMgaNMjQo0ZA0aZGgmqo9VT9JP/VQyA07oqCvAqCu8DoDgDgDsB6Af8" +
      "DQPUD2A9wO4HoBoGgcgbA2BsDYGwNgbA7AbA2BsDIGwNgbA2BsDYHQHQHQHQHQHQHbxFQV4A0DANgcgYBgGQOYgrAMgcgZA55CFYBzAyBhIlgG" +
      "QMgYBgGQMgYBgGQMgYBgGQMgYBgGQMgYBxA4AwDIHMVBXmKgr6ioK/BUFfoqCuRUFeYqCuvyKgr1ioK/RUFYKgrzFQVxFQV/GKCskyms/y6mgA" +
      "AjdyzAAAggAD/wEZPkACABHgAAKNGQNGmRoUaMgaNMjQo0ZA0aZGgmqo9VT9Rv1UmymGU70VBXiKgrt3A9gOIHED3gdoGwOoHxA/sD5gd4HuBs" +
      "DYHMDYGgaBoGgaBoHsBoGgaBgGgaBoGgaBoHQHUDqB1A6gdQPAqCvAGwNgaBzAwDIGAc0QrIGQOQMA4KCsgYBgGRCWQMAwDIGQMAwDIGQMAwDI" +
      "GQMAwDIGQMAwDIHAHEDIGAcyoqvPFKIvQqCvyKgrzFQV6ioK5ioK6ioK/YqCvgVBXmKgrtFQV6FQVwKgr/mKCskyms7dSB2oBDWuzAAAggAD/w" +
      "EZPkACABHgAAKNGQNGmRoUaMgaNMjQo0ZA0aZGgmqo9VPUP9VDIDTsioK7xUFdoHUDgDgDzA9APUDQPYD3A+AOwHpA0DQOQNA0DQNA2BsDYHnA" +
      "2BsDYGQNgbA2BsDYGwOoHUDoDoDoDoDnvFQV3gaBoGwOQMgYBkDmIKwDAOYGQOCgrAMAyBkkSwDAMgZAwDAMgYBgGQMgYBzgHEDIGAYBkDIGAc" +
      "QOAMAyBzFQV4ioK+xUFfsVBX9FQVyKgrwSkqzggr9FQV7RUFfwqCvWKgrxFQVxFQV/mKCskymsi5bs5gAwSqzAAAggAD/wEZPkACABHjgBAo0Z" +
      "A0aZGhRoyBo0yNBNVU36qnqJ/qkPQjQFKpAzSNDRo2SikeZRSNoq6irIVZCrsKsxVoKsCrUVdxV4FWwqzFWBVgVchVgVYA5UOVDlQ4ocUPWocU" +
      "OKHFDKHFDihxQ4ocUOKHdQ7qHdQ7qHdQ7qHlFErzUOVDlQ4odVDVDVDKHVUStUNUOqhlDwUStUNUMoaUUtUNUMoaoaoaoZQ1Q1Q1QyhqhqhlDK" +
      "GqGqGUMoaoeFDxUNUModIolf5FEN5RSPopUb5EqhxKKRzKKR+lFI6FFI1lFI4KKRpKKR+lFIylFI/i7kinChIJeKLCQA==",
    lzma:
      "GgIFAF0AAAgAADYaSh8IoCYDTQad7+2MZZM+Z5axIkdEjxRRj/hYNyQg7uoeSjtOYnWMkxBkUTBlGgAQVD+PUj2GFRjwbif4i9BsMYCoUinkFp" +
      "GcDRMu+pF76tf5e1rMSRhsbOa/MfXC3QbGJgy3xcBULWfaT1DSVls+sUSEbQQHbDu4C+LJvFDU+Uux5NkcxrSsDCmeMcw4A7TPXmDXvOMk90o0" +
      "FPRWOYwBAwtjDF5BFz/YfKNRkjn9cHGNUs+LDXGNnGLcfJucN2189w3dJEpap9LFH/ODgcBlxCVT+PWRNjEFpbDub8FwTUcM0ZEF62CdXv//oe" +
      "+AQA==",
    zstd:
      "KLUv/aT4BgYA/AIAwoMMELB5QGtyyB4WbbKb7KsEAzHvzauJF/K9eTXxAr43rybevTevJh4YRh2xTBhJFmygYgIpqDHo7b8B0HNlDBE0BM8QRt" +
      "rX///P5/wZK7Y0HGgou12EHyxhuWkAqQJUAAAAAQD9/zH9uQYCRAAAAAEA/f85AAI9AAAAAQD1/gAIX7WaUQ==",
    xz:
      "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj5gb3AOpdADYaSh8IoCYDTQad7+2MZZM+Z5axIkdEjxRRj/hYNyQg7uoeSjtOYnWMkxBkUTBlGgAQVD" +
      "+PUj2GFRjwbif4i9BsMYCoUinkFpGcDRMu+pF76tf5e1rMSRhsbOa/MfXC3QbGJgy3xcBULWfaT1DSVls+sUSEbQQHbDu4C+LJvFDU+Uux5Nkc" +
      "xrSsDCmeMcw4A7TPXmDXvOMk90o0FPRWOYwBAwtjDF5BFz/YfKNRkjn9cHGNUs+LDXGNnGLcfJucN2189w3dJEpap9LFH/ODgcBlxCVT+PWRNj" +
      "EFpbDub8FwTUcM0ZEF6vsDAAAAAFNhioakz14mAAGGAviNGAC6XlhZscRn+wIAAAAABFla",
  },
};
