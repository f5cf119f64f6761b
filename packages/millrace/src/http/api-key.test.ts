import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { apiKeyDigest, createApiKey, createKeyId, isApiKey } from "./api-key.ts";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** What the guide tells those who write secret scanners. */
function checksum(text: string): number {
  return text.split("").reduce((sum, digit) => sum * 62 + ALPHABET.indexOf(digit), 0);
}

describe("an API key", () => {
  it("has the form that is written down, and a checksum by which a scanner knows it", () => {
    for (let i = 0; i < 200; i++) {
      const key = createApiKey();
      expect(key).toMatch(/^mr_[0-9A-Za-z]{49}$/);
      expect(checksum(key.slice(-6))).toBe(crc32(key.slice(0, -6)));
      expect(isApiKey(key)).toBe(true);
    }
  });

  it("is another each time, with 256 bits that nobody can guess", () => {
    const keys = Array.from({ length: 3_000 }, () => createApiKey());
    expect(new Set(keys).size).toBe(3_000);
    // The first of 43 digits stands for less than the others, and each of the others takes every value: of so many keys,
    // once in 10^20 runs one does not.
    const seen = new Set(keys.map((key) => key[20]));
    expect(seen.size).toBe(62);
  });

  it("is none once a digit has changed, or anything stands around it", () => {
    const key = createApiKey();
    for (let at = 3; at < key.length; at++) {
      const other = key[at] === "x" ? "y" : "x";
      expect(isApiKey(`${key.slice(0, at)}${other}${key.slice(at + 1)}`), `digit ${at}`).toBe(false);
    }
    for (const text of ["", "mr_", `${key}\n`, ` ${key}`, `${key}0`, key.slice(0, -1), key.toUpperCase()]) {
      expect(isApiKey(text), `"${text}"`).toBe(false);
    }
  });

  it("is kept as its SHA-256", () => {
    const key = createApiKey();
    expect(apiKeyDigest(key)).toBe(createHash("sha256").update(key).digest("hex"));
  });

  it("has an id that says when it was made", () => {
    expect(createKeyId(1_000)).toMatch(/^key_[0-9a-z]{26}$/);
    expect(createKeyId(1_000) < createKeyId(2_000)).toBe(true);
    expect(createKeyId(1_000)).not.toBe(createKeyId(1_000));
  });
});
