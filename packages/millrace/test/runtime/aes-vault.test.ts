import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { AesVault } from "../../src/aes-vault.ts";

const aKey = (): string => randomBytes(32).toString("base64");

describe("AesVault", () => {
  it("opens what it sealed, in the same context", () => {
    const vault = new AesVault(aKey());
    for (const text of ["", "hunter2", "ключ 🗝", "x".repeat(100_000)]) {
      expect(vault.open(vault.seal(text, "job:1"), "job:1")).toBe(text);
    }
  });

  it("takes keys in base64, base64url, with and without padding, and in hexadecimal digits", () => {
    const bytes = randomBytes(32);
    const sealed = new AesVault(bytes.toString("base64")).seal("x", "");
    for (const text of [
      bytes.toString("base64").replace("=", ""),
      bytes.toString("base64url"),
      bytes.toString("hex"),
      bytes.toString("hex").toUpperCase(),
      ` ${bytes.toString("base64")}\n`,
    ]) {
      expect(new AesVault(text).open(sealed, "")).toBe("x");
    }
  });

  it("refuses anything else, and does not repeat it", () => {
    for (const text of ["", "short-key", "g".repeat(64), "a".repeat(63), randomBytes(33).toString("base64")]) {
      expect(() => new AesVault(text)).toThrow(/32 bytes in base64 or hexadecimal digits/);
    }
    expect(() => new AesVault("not-a-good-key")).not.toThrow(/not-a-good-key/);
    expect(() => new AesVault(`${aKey()},oops`)).toThrow(/key 2 of the secret keys/);
    expect(() => new AesVault(`${aKey()},`)).toThrow(/key 2 of the secret keys/);
  });

  it("seals the same text differently each time", () => {
    const vault = new AesVault(aKey());
    expect(vault.seal("same", "c")).not.toBe(vault.seal("same", "c"));
  });

  it("does not open it in another context", () => {
    const vault = new AesVault(aKey());
    const sealed = vault.seal("hunter2", "org a job 1");
    expect(() => vault.open(sealed, "org b job 1")).toThrow(/something else/);
  });

  it("does not open it once a bit of it has changed, wherever that is", () => {
    const vault = new AesVault(aKey());
    const sealed = Buffer.from(vault.seal("hunter2", "c"), "base64");
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => vault.open(changed.toString("base64"), "c")).toThrow(
        /not sealed here|sealed with the key|was changed/,
      );
    }
    expect(() => vault.open("AQ==", "c")).toThrow(/not sealed here/);
    expect(() => vault.open("", "c")).toThrow(/not sealed here/);
  });

  it("replaces a key: the first seals, the old one opens", () => {
    const [old, fresh] = [aKey(), aKey()];
    const before = new AesVault(old).seal("of before", "c");
    const both = new AesVault(`${fresh},${old}`);
    expect(both.open(before, "c")).toBe("of before");
    const after = both.seal("of after", "c");
    expect(new AesVault(fresh).open(after, "c")).toBe("of after");
    expect(() => new AesVault(old).open(after, "c")).toThrow(/sealed with the key [\da-f]{8}, which is not here/);
  });
});
