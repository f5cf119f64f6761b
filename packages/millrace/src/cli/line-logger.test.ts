import { describe, expect, it } from "vitest";
import { StoreError } from "../core/errors.ts";
import { lineLogger } from "./line-logger.ts";
import type { LogLevel } from "./log-level.ts";
import { Output } from "./output.ts";

/** What a person reads on standard error. */
function said(least: LogLevel): { readonly logger: ReturnType<typeof lineLogger>; readonly text: () => string } {
  let text = "";
  const stream = {
    isTTY: true,
    columns: 80,
    on: () => process.stderr,
    write: (part: string) => ((text += part), true),
  };
  const out = new Output({ stdout: stream, stderr: stream, allowsColour: false });
  return { logger: lineLogger(out, least), text: () => text };
}

describe("the log at a terminal", () => {
  it("says what happens in a line, and warnings with their fields", () => {
    const { logger, text } = said("info");
    logger.debug({}, "not now");
    logger.info({ requestId: "1" }, "GET /v1/jobs 200");
    logger.warn({ error: new StoreError("store_busy", "too much"), org: "acme", n: [1] }, "it was slow");
    expect(text()).toBe("GET /v1/jobs 200\nWarning: it was slow (error=store_busy: too much, org=acme, n=[1])\n");
  });

  it("says no more than is asked for", () => {
    const { logger, text } = said("error");
    logger.info({}, "info");
    logger.warn({}, "warn");
    expect(text()).toBe("");
    logger.error({}, "error");
    expect(text()).toBe("Warning: error\n");
    const none = said("silent");
    none.logger.error({}, "error");
    expect(none.text()).toBe("");
  });

  it("lets nothing that somebody sent drive the terminal", () => {
    const { logger, text } = said("info");
    logger.info({}, "GET /\u001b[2J\n 200");
    logger.warn({ path: "\u001b]0;owned\u0007" }, "GET / 500");
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(text()).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
    expect(text().split("\n").length).toBe(3);
  });
});
