// What tools made of one tar by Python's tarfile, with these two members: gzip 1.12, zstd 1.5.4 (with a checksum), bzip2 1.0.8, xz 5.4.

type Bytes = Uint8Array<ArrayBuffer>;

/** The members of the tar. */
export const SAMPLE_MEMBERS: readonly (readonly [name: string, text: string])[] = [
  ["readme.txt", "Tides of one day.\n"],
  ["lines.txt", Array.from({ length: 300 }, (_, index) => `line ${index}\n`).join("")],
];

/** The formats it is compressed in. */
export type SampleFormat = keyof typeof SAMPLES;

/** The tar, compressed, as a view whose byteOffset is not 0. */
export function compressedTar(format: SampleFormat): Bytes {
  const bytes = Uint8Array.from(atob(SAMPLES[format].replaceAll(/\s/g, "")), (character) =>
    character.charCodeAt(0),
  );
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  return shifted.subarray(3);
}

const SAMPLES = {
  "tar.gz": `
    H4sIAAAAAAACA+3XXUodQRRF4fvsKO4IpPfu6urueWQCgjcgJApqIJl9xN7rCL7kSSFY56Ug4PLn1ten83i5uf15uX7+/Xz6sJleprf2er7M+3Oa7JPa
    4rauU3v99/VlTufp9Anz6+n55vHlW56+5ny7u708nR++nx/uL+fbmz/XV6cxX2h+3N1fnj6W/7/8L9Pc3/vvvQ//n/X5n6er10PH4eOYj6Mdx3Ic/TjW
    49iOY8+Xk0lHCSklJaW0lJhSU3JKz+mZnys9p+f0nJ7Tc3pOz+nN6c3pzfyi6c3pzenN6c3pzenN6bX0WnotvcZfLr2WXkuvpdfSa+kt6S3pLekt6S18
    FOkt6S3pLekt6fX0eno9vZ5eT6/z2abX0+vp9fTW9Nb01vTW9Nb01vRWLkt6a3prelt6W3pbelt6W3pbelt6G7cvvS29Pb09vT29Pb09vT29Pb09vZ3r
    XPeZCz1xoyeu9MSdnrjUE7d64lpP3OuJiz1RfqNCubCUluJSXgpMiSkymBFo5FJIGTcCjpAj6Ag7Ao/QI/gIP5oLOGUICUMCkVAkGAlHApKQJCip1bOD
    MpoEJ+FJgBKiBClhSqASqrTUY4kysIQsQUvYEriELsFL+BLA1OuJRxljAplQJpgJZwKakCaoCWta62FKGW7CmwAnxAlywpxAJ9QJdtrqOU0ZeYKesCfw
    CX2Cn/AnAAqB2msF1A5gCWDQGDQGjUFj0Bg0Bo1BY9Cq9UIZg8agMWgMGoPGoDHo2lu1uN42F+XaXbW8anvV+qr9VQsMg8agMei5liJlDBqDxqAxaAwa
    g8agMWgMutW+pYxBY9AYNAaNQWPQGDQGjUEvtcopY9AYNAaNQWPQGDQGjUFj0L3eEihj0Bg0Bo1BY9AYNAaNQWPQa72AUMagMWgMGoPGoDFoDBqDxqC3
    erehjEFj0Bg0Bo1BY9AYNAaNQe/12rSP/wuOGTNmzJgxY8aMGTNmzJgxY8aMGTNmzJgx/+X8BYMNO00AKAAA`,
  "tar.zst": `
    KLUv/WQAJ2UOAAalSxhwLUiLAURWL3xmKDt986hFdu+UAFfF4sVgADwAOABVVVVFRERERDQzMzMz8///qqo6irOi2QAROGBIUDAzG6mHA4YEBYCAgYkC
    A4EDhgYBhAaBhwODBAIAEQCHAoiHCAAAEQC4uxMBECG5o4sEeBEBIDIBgJCAGDhYMCg4cAiWJUmSJEmSJEmO4ziO4ziO4+7u7u6uqqqqqqooiqIoiqIo
    jjHGGGOMURRFURRFURR3d3d3d2ZmZmZmVRX///+7u7u7u8uyLMuyLMvycDgcDofD4XBYWFhYWFhYWFhYeJ7neZ7neZ6maZqmaZqmWZZlWZZlBWM8Ho/H
    4/F4PC4uLi4uLi4uLi6+7/u+7/u+b9u2bdu2bduu67qu67qua5qmaZqmaZqe53me53me5/8/gTioIVS3pKCSnTWRKyg1HSIIICjk8yn//0qaA/EFtAD2
    B6sqUFCAAAgBBAIIEAEgwAAAIQIAFBAAJEAAAgGCAARodY5729Ne9rDnetarHpV3bddyLddyrcuyLeu2Rmu1bsuyLE5Eykcu9J7feZvH/MtXify/3//3
    +3+5j6BpOqZFWcdEB1ABAY5+dVp1ThyoHxquOMBHwGbh5Q96i/qf`,
  "tar.bz2": `
    QlpoOTFBWSZTWQdEsbAABZdbgcoQQAF/4AWAZyeeYAAICghAAx2BA4Ahg00aaYTEyYCBphVPAP9VUTBoQaGABVU/f6kPVT/1JVNGQAZBkAkKVH5PRKeV
    AyPUGZI2p7GDux3YkPwADloA59jkoNjw4hcAGZtOUowjrrsbXxlhEAuSAWEwKhQFAVCYFhIBciAYQAC6CQDCIBckAsJgVCgKAqEwLCQC5EAwgAFhMCoU
    BQFQmBYSAXIgGEACq0dEJCDr+v7a3ocAm+DjjjjjjjmtqdVVVVXve9735LmQM5gHTpcDx8W29SZJG28EjchN6vvjffyznJnOc5zm973ve+aqCI4xEcYi
    OMRHGLQws7MRHGIjjERxiI4xD1aPWta1rVbUVVVVVnGMYxjFbUxEcYj8WtZIkiRJEGwy1okSRIkiRJEiSJGqrhzfOc4xelVZckki9gAAAALqqAAAcZzm
    81d3du1RVZLkkiy8VVAATFVQB6gA6wdAGaq7vMu7dKtKskuSRd/CqoBxVUAAAAAB2vmtVvm9c5xyquVZJLki6AAAA7sVVSqqVVAAVzOec52m+caVV0sk
    kuRc6xVUAAAABec5y4zrWtAVVXu77XLRVV2ySSXFoAAAAAAAACuurzm7u7uKKqu973ve5LAAAAAAAA66P768H06H8v6+vZCQg7fu9vfr7oSEHl1SEIPj
    GgSEGHubnfk+Dudj/Hc+xt5gl/xdyRThQkAdEsbA`,
  "tar.xz": `
    /Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Cf/AZFdADkZSEhq/qOiHcp9YHj6DHAuaXil7lus4nhyZtcAZyG+H7ms9h/ZE08D4Pe/hYYCO4DfRPIRDLAp
    D/mWUFWhPMNuhJmcL9HmtYIF62JL4rR3NYaT94wVI7/tIqi7DMFPKZHqNX5hoa6S9fa/I766e74Q82vPNCNJUlTQ6jWbFgVYTbezmXlxxcczwQBd91nN
    BfG0Aex+nqemkR1dZf2Sw8N90AiZ/XxY4QPresAaTIor65IQAnOQiw+VXFqKZ8YiwcYOoWv+Eif52apTkK8N5doTiKNG4gCYLlX2fZWEcy9e8gikZG5d
    UH6VaiUGTaqYgYX5XNM8QOi/wIIUaYXHxyUnLcj5mQbK6N43/NZnWmM5TYUtJpZcRHLqPiYTy+Mw93C3ASCDYmZgQhQ7Y1QrX8rqebSRc6gm5SsPx0bq
    XsQXWZERSwxIZs1rO9n56S/sqGBPxbQkKexheYzf2jshiYt1O/moRY/3Dnom3ZTd+T6HDpl9Yr6eumSzl3A5li7MKmzw4wgkH68LcZgHlIgyxqgAAAAA
    AFNrJ8JIWws6AAGtA4BQAAC2NJKgscRn+wIAAAAABFla`,
};
