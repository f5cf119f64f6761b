import { describe, expect, it } from "vitest";
import {
  AttemptTimeoutError,
  CancelledError,
  ConflictError,
  isMillraceError,
  LeaseLostError,
  MillraceError,
  OptionsError,
  PermanentError,
  ShutdownError,
  StoreError,
  WaitTimeoutError,
} from "./errors.ts";

describe("an error of Millrace", () => {
  it("is recognised by its brand, also when it comes from another copy of the package", () => {
    const foreign = Object.defineProperty(new Error("x"), Symbol.for("millrace.error"), { value: true });
    expect([new ShutdownError("x"), foreign].every(isMillraceError)).toBe(true);
    expect([new Error("x"), new PermanentError("x"), null, "x", undefined].some(isMillraceError)).toBe(false);
  });

  it("carries the name of its class, its code and its cause", () => {
    const cause = new Error("below");
    const error = new LeaseLostError("gone", { cause });
    expect([error.name, error.code, error.cause, error instanceof MillraceError]).toEqual([
      "LeaseLostError",
      "lease_lost",
      cause,
      true,
    ]);
  });

  it("says whether asking again makes sense", () => {
    expect([
      new StoreError("store_busy", "").retryable,
      new StoreError("store_unavailable", "").retryable,
      new ShutdownError("").retryable,
      new WaitTimeoutError("").retryable,
    ]).toEqual([true, true, true, true]);
    expect([
      new StoreError("store_corrupt", "").retryable,
      new StoreError("schema_too_new", "").retryable,
      new ConflictError("state_conflict", "").retryable,
    ]).toEqual([false, false, false]);
  });

  it("of options lists them, one or many", () => {
    expect(new OptionsError("one").details).toEqual({ problems: ["one"] });
    expect(new OptionsError(["one", "two"]).message).toBe("one; two");
  });

  it("tells why an attempt was ended", () => {
    expect(new AttemptTimeoutError(250).message).toContain("250 ms");
    expect(new CancelledError(null).message).toBe("the job was cancelled");
    expect(new CancelledError("too slow").message).toBe("the job was cancelled: too slow");
  });
});
