import { describe, expect, it } from "vitest";
import { MAX_VARIABLE_BYTES, scriptEnvironment, type ScriptJob } from "./script-environment.ts";

const JOB: ScriptJob = {
  id: "job_01jd0000000000000000000000",
  number: 7,
  scope: "films",
  queue: "media",
  kind: "thumbnail",
  attempt: 2,
  maxAttempts: 3,
  timeoutMs: null,
  payload: null,
};

function variablesFor(payload: unknown, inherited: NodeJS.ProcessEnv = {}) {
  return scriptEnvironment({ ...JOB, payload }, 12, inherited).variables;
}

describe("the variables of a script", () => {
  it("tell it of its job", () => {
    expect(variablesFor(null)).toEqual({
      MILLRACE_JOB_ID: "job_01jd0000000000000000000000",
      MILLRACE_NUMBER: "7",
      MILLRACE_SCOPE: "films",
      MILLRACE_QUEUE: "media",
      MILLRACE_KIND: "thumbnail",
      MILLRACE_ATTEMPT: "2",
      MILLRACE_MAX_ATTEMPTS: "3",
      MILLRACE_TOKEN: "12",
      MILLRACE_PAYLOAD: "null",
    });
  });

  it("hold each field of the payload: text as it is, the rest as JSON, null not at all", () => {
    const payload = { outDir: "/tmp/a b", width: 4, "a-b": true, list: [1], nothing: null, größe: "x", zero: "a\0b" };
    expect(variablesFor(payload)).toMatchObject({
      MILLRACE_INPUT_OUTDIR: "/tmp/a b",
      MILLRACE_INPUT_WIDTH: "4",
      MILLRACE_INPUT_A_B: "true",
      MILLRACE_INPUT_LIST: "[1]",
      MILLRACE_INPUT_GR__E: "x",
    });
    expect(variablesFor(payload)).not.toHaveProperty("MILLRACE_INPUT_NOTHING");
    expect(variablesFor(payload)).not.toHaveProperty("MILLRACE_INPUT_ZERO");
  });

  it("are inherited, without those that begin with MILLRACE_", () => {
    const inherited = { PATH: "/bin", MILLRACE_KEY: "secret", MILLRACE_INPUT_OLD: "1", MILLRACE_JOB_ID: "job_old" };
    const variables = variablesFor({}, inherited);
    expect(variables).toMatchObject({ PATH: "/bin", MILLRACE_JOB_ID: JOB.id });
    expect(variables).not.toHaveProperty("MILLRACE_KEY");
    expect(variables).not.toHaveProperty("MILLRACE_INPUT_OLD");
  });

  it("leave a payload above 64 KiB to the standard input", () => {
    const payload = { text: "x".repeat(MAX_VARIABLE_BYTES) };
    const { variables, payloadJson } = scriptEnvironment({ ...JOB, payload }, 1, {});
    expect(variables).not.toHaveProperty("MILLRACE_PAYLOAD");
    expect(variables).not.toHaveProperty("MILLRACE_INPUT_TEXT");
    expect(payloadJson).toBe(JSON.stringify(payload));
  });

  it("stay small with a payload of very many fields", () => {
    const payload = Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`f${at}`, 1]));
    const bytes = Object.entries(variablesFor(payload)).reduce(
      (sum, [name, text]) => sum + name.length + (text?.length ?? 0) + 2,
      0,
    );
    expect(bytes).toBeLessThan(3 * MAX_VARIABLE_BYTES);
  });
});
