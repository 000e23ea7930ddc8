import { patternBytes } from "../../src/testing/pattern-bytes.ts";
import { buildZip, type MemberSpec, text } from "../zip/build-zip.ts";

/** The folder of {@link buildWheel}. */
export const DIST_INFO = "buoy-1.0.dist-info";

/** METADATA of {@link buildWheel}. */
export const METADATA = [
  "Metadata-Version: 2.1",
  "Name: buoy",
  "Version: 1.0",
  "Summary: Reads buoys",
  "Requires-Dist: numpy (>=1.20)",
  'Requires-Dist: pytest; extra == "test"',
  "",
  "# Buoy",
  "",
  "Reads buoys: all of them.",
  "",
].join("\n");

/** RECORD of {@link buildWheel}, without its other files. */
export const RECORD = [
  "buoy/__init__.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0",
  `${DIST_INFO}/METADATA,sha256=AAAA,${METADATA.length}`,
  `${DIST_INFO}/RECORD,,`,
  "",
].join("\n");

/** How a wheel differs from the small one of one module. */
export interface WheelSpec {
  /** Modules before the `.dist-info`, and the bytes of each. */
  modules?: number;
  moduleBytes?: number;
  distInfo?: MemberSpec[];
}

/** The members of the `.dist-info`, RECORD last. */
export function distInfoMembers(folder = DIST_INFO, record = RECORD): MemberSpec[] {
  return [
    { name: `${folder}/METADATA`, data: text(METADATA), method: 8 },
    { name: `${folder}/WHEEL`, data: text("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n") },
    { name: `${folder}/RECORD`, data: text(record), method: 8 },
  ];
}

/** A wheel. */
export function buildWheel({
  modules = 1,
  moduleBytes = 0,
  distInfo,
}: WheelSpec = {}): Uint8Array<ArrayBuffer> {
  const members = Array.from({ length: modules }, (_, index) => ({
    name: index === 0 ? "buoy/__init__.py" : `buoy/module_${String(index).padStart(5, "0")}.py`,
    data: patternBytes(moduleBytes, index),
  }));
  return buildZip([...members, ...(distInfo ?? distInfoMembers())]);
}
