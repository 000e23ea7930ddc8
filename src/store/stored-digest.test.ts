import { expect, it } from "vitest";
import { sha256 } from "./stored-digest.ts";

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = (text: string): string => hex(sha256(new TextEncoder().encode(text)));

it("gives the published digests of SHA-256", () => {
  expect(digest("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  expect(digest("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  );
});

it("agrees with the platform's at every length around its blocks", async () => {
  for (let length = 0; length < 200; length++) {
    const message = Uint8Array.from({ length: length + 3 }, (_, index) => index * 7).subarray(3);
    expect(hex(sha256(message))).toBe(hex(new Uint8Array(await crypto.subtle.digest("SHA-256", message))));
  }
});
