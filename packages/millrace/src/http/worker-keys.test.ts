import { describe, expect, it } from "vitest";
import { WorkerKeys } from "./worker-keys.ts";

const SECRET = "a-secret-of-thirty-two-characters-or-more";

describe("the key of a worker", () => {
  it("says whose it is for 90 s", () => {
    let now = 1_000;
    const keys = new WorkerKeys(SECRET, () => now);
    const { key, expiresAt } = keys.issue("w-1", "acme");
    expect(expiresAt.getTime()).toBe(91_000);
    now = 90_999;
    expect(keys.read(key)).toEqual({ worker: "w-1", org: "acme", expiresAt: 91_000 });
    now = 91_000;
    expect(keys.read(key)).toBeUndefined();
  });

  it("is renewed in its last 30 s, no sooner and no later", () => {
    let now = 0;
    const keys = new WorkerKeys(SECRET, () => now);
    const { key } = keys.issue("w-1", "acme");
    now = 59_999;
    expect(keys.renew(key)).toBeUndefined();
    now = 60_000;
    const next = keys.renew(key);
    expect(next?.expiresAt.getTime()).toBe(150_000);
    expect(keys.read(next?.key ?? "")).toMatchObject({ worker: "w-1", org: "acme" });
    // The old one stays good.
    expect(keys.read(key)).toBeDefined();
    now = 90_000;
    expect(keys.renew(key)).toBeUndefined();
  });

  it("carries the id of the API key with which the worker registered, and hands it on", () => {
    let now = 0;
    const keys = new WorkerKeys(SECRET, () => now);
    const { key } = keys.issue("w-1", "acme", "key_1");
    expect(keys.read(key)).toEqual({ worker: "w-1", org: "acme", via: "key_1", expiresAt: 90_000 });
    now = 70_000;
    expect(keys.read(keys.renew(key)?.key ?? "")).toMatchObject({ via: "key_1" });
  });

  it("is known to servers with the same secret, and to no other", () => {
    const { key } = new WorkerKeys(SECRET, () => 0).issue("w-1", "acme");
    expect(new WorkerKeys(SECRET, () => 0).read(key)).toBeDefined();
    expect(new WorkerKeys(`${SECRET}!`, () => 0).read(key)).toBeUndefined();
  });

  it("cannot be altered or made up", () => {
    const keys = new WorkerKeys(SECRET, () => 0);
    const { key } = keys.issue("w-1", "acme");
    const [said = "", seal = ""] = key.slice("mrw_".length).split(".");
    const other = Buffer.from(JSON.stringify({ worker: "w-2", org: "acme", expiresAt: 90_000 })).toString("base64url");
    const wrong = [
      `mrw_${other}.${seal}`,
      `mrw_${said}.`,
      `mrw_${said}`,
      "mrw_",
      "mrw_.",
      "",
      said,
      `mrw_${said}.${"A".repeat(43)}`,
    ];
    expect(wrong.filter((made) => keys.read(made) !== undefined)).toEqual([]);
  });
});
