import { expect } from "vitest";
import { openTar, type TarOptions } from "../../src/codecs/tar/open-tar.ts";
import type { TarArchive } from "../../src/codecs/tar/tar-archive.ts";
import type { Bytes } from "../../src/index.ts";
import { type BlockSpec, buildTar } from "./build-tar.ts";

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Builds a tar and opens it. */
export const open = (parts: (BlockSpec | Bytes)[], options?: TarOptions): Promise<TarArchive> =>
  openTar(buildTar(parts), options);

/** What an error of this code equals. */
export const failing = (code: string) => expect.objectContaining({ code });

export const TWO: BlockSpec[] = [
  { name: "a.txt", data: "alpha" },
  { name: "dir/b.txt", data: "b".repeat(700) },
];
