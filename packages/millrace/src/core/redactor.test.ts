import { describe, expect, it } from "vitest";
import { Redactor } from "./redactor.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("Redactor", () => {
  it("puts the name in the place of each value", () => {
    const { text } = { text: (said: string) => new Redactor({ PASS: "hunter2", TOKEN: "t0ken-of-mine" }).text(said) };
    expect(text("login hunter2, token=t0ken-of-mine!")).toBe("login [secret PASS], token=[secret TOKEN]!");
    expect(text("hunter2hunter2")).toBe("[secret PASS][secret PASS]");
    expect(text("nothing of it, hunter and t0ken")).toBe("nothing of it, hunter and t0ken");
    expect(text("")).toBe("");
  });

  it("takes the longest of several that begin alike, and nothing that is shorter than four characters", () => {
    const redactor = new Redactor({ SHORT: "abcd", LONG: "abcdefgh", TINY: "xyz", EMPTY: "" });
    expect(redactor.text("abcdefgh abcdefg abcd xyz")).toBe("[secret LONG] [secret SHORT]efg [secret SHORT] xyz");
  });

  it("finds a value that begins inside of another's beginning", () => {
    expect(new Redactor({ A: "aaab", B: "aabc" }).text("aaaab aaabc")).toBe("a[secret A] [secret A]c");
  });

  it("finds base64, with and without padding, for URLs, and inside of something else", () => {
    const value = "s3cret?>~value";
    const redactor = new Redactor({ PASS: value });
    expect(redactor.text(`x ${base64(value)} y`)).toBe("x [secret PASS] y");
    expect(redactor.text(Buffer.from(value).toString("base64url"))).toBe("[secret PASS]");
    for (const front of ["", "u", "us", "user:"]) {
      for (const behind of ["", "\n", "&more"]) {
        const said = redactor.text(`Basic ${base64(front + value + behind)}`);
        expect(said).toContain("[secret PASS]");
        // What is left on either side are the few bits that it shares with its neighbours.
        const rest = Buffer.from(said.replace("Basic ", "").replace(/\[secret PASS\]/, "    "), "base64").toString();
        expect(rest).not.toContain("3cret");
      }
    }
  });

  it("finds what is escaped as in JSON or in a URL", () => {
    const value = 'a "quoted"\nvalue/with space';
    const redactor = new Redactor({ PASS: value });
    expect(redactor.text(JSON.stringify({ value }))).toBe('{"value":"[secret PASS]"}');
    expect(redactor.text(`?q=${encodeURIComponent(value)}`)).toBe("?q=[secret PASS]");
  });

  it("finds the lines of a value that has several", () => {
    const pem = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQEF\n-----END KEY-----\n";
    const redactor = new Redactor({ KEY: pem });
    expect(redactor.text(pem)).toBe("[secret KEY]");
    expect(redactor.text("read kqhkiG9w0BAQEF there")).toBe("read [secret KEY] there");
  });

  it("takes out what is there of a long value that is cut off", () => {
    const long = Array.from({ length: 300 }, (_, i) => String.fromCharCode(97 + ((i * i) % 26))).join("");
    const redactor = new Redactor({ LONG: long });
    expect(redactor.text(`<${long}>`)).toBe("<[secret LONG]>");
    expect(redactor.text(`<${long.slice(0, 200)}>`)).toBe("<[secret LONG]>");
    expect(redactor.text(`<${long.slice(0, 40)}>`)).toBe(`<${long.slice(0, 40)}>`);
  });

  it("goes through all of a JSON value, names and numbers too", () => {
    const redactor = new Redactor({ PASS: "hunter2", PIN: "123456" });
    const value = { hunter2: ["hunter2", { deep: "a hunter2" }], pin: 123_456, other: 1_234_567, no: null, yes: true };
    expect(redactor.value(value)).toEqual({
      "[secret PASS]": ["[secret PASS]", { deep: "a [secret PASS]" }],
      pin: "[secret PIN]",
      other: 1_234_567,
      no: null,
      yes: true,
    });
  });

  it("takes time that grows with the text, whatever the secrets are", () => {
    const secrets = Object.fromEntries(
      Array.from({ length: 100 }, (_, i) => [`S_${i}`, `${"a".repeat(20_000 + i)}b`] as const),
    );
    const redactor = new Redactor(secrets);
    const text = "a".repeat(1_000_000);
    const startedAt = performance.now();
    expect(redactor.text(text)).not.toContain("aaaa");
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
