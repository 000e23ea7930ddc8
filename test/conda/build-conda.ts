import { concatBytes } from "../../src/bytes/collect-bytes.ts";
import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { type BlockSpec, buildTar } from "../tar/build-tar.ts";
import { buildZip, type MemberSpec, pack, text, type ZipSpec } from "../zip/build-zip.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What info/index.json of {@link buildConda} says. */
export const INDEX = { name: "buoy", version: "1.0", build: "0", depends: ["python >=3.9"] };

const STEM = "buoy-1.0-0";
const BLOCK_BYTES = 128 * 1024;

/** What is in a package, as a test wants it. */
export interface CondaSpec {
  /** Default `{"conda_pkg_format_version": 2}`. */
  metadata?: string;
  info?: BlockSpec[];
  pkg?: BlockSpec[];
  /** Which members, in this order; default metadata, info, pkg. */
  members?: MemberSpec[];
  zip?: ZipSpec;
}

/** A zstd frame of data that is not compressed (RFC 8878, 3.1.1: raw blocks). */
function storeZstd(data: Bytes): Bytes {
  const blocks: Bytes[] = [];
  for (let start = 0; start === 0 || start < data.length; start += BLOCK_BYTES) {
    const block = data.subarray(start, start + BLOCK_BYTES);
    const isLast = start + BLOCK_BYTES >= data.length ? 1 : 0;
    const head = isLast | (block.length << 3);
    blocks.push(pack([2, head & 0xffff], [1, head >> 16]), block);
  }
  // One segment, and four bytes that tell the size.
  return concatBytes([pack([4, 0xfd2fb528], [1, 0xa0], [4, data.length]), ...blocks]);
}

/** A member that is a part of a package. */
export function partMember(kind: "info" | "pkg", members: BlockSpec[], stem = STEM): MemberSpec {
  return { name: `${kind}-${stem}.tar.zst`, data: storeZstd(buildTar(members)) };
}

/** The member metadata.json. */
export function metadataMember(content = '{"conda_pkg_format_version": 2}'): MemberSpec {
  return { name: "metadata.json", data: text(content) };
}

/** Members of an info part: `index.json`, and as many bytes besides. */
export function infoMembers(otherBytes = 0): BlockSpec[] {
  const index = { name: "info/index.json", data: JSON.stringify(INDEX) };
  return [
    { name: "info/files", data: "lib/tides.py\n" },
    index,
    ...(otherBytes === 0 ? [] : [{ name: "info/paths.json", data: patternBytes(otherBytes, 1) }]),
  ];
}

/** Members of a pkg part. */
export function pkgMembers(otherBytes = 0): BlockSpec[] {
  const tides = { name: "lib/tides.py", data: "METRES = [1.2, 3.4]\n" };
  return [tides, ...(otherBytes === 0 ? [] : [{ name: "lib/photo.raw", data: patternBytes(otherBytes, 2) }])];
}

/** A `.conda`. */
export function buildConda({ metadata, info, pkg, members, zip }: CondaSpec = {}): Bytes {
  const all = members ?? [
    metadataMember(metadata),
    partMember("info", info ?? infoMembers()),
    partMember("pkg", pkg ?? pkgMembers()),
  ];
  return buildZip(all, zip);
}
