import type { ScriptJob } from "../../src/scripts/script-environment.ts";

export function aJob(payload: unknown = {}, rest: Partial<ScriptJob> = {}): ScriptJob {
  return {
    id: "job_01jd0000000000000000000000",
    number: 1,
    scope: "scripts",
    queue: "scripts",
    kind: "script",
    attempt: 1,
    maxAttempts: 3,
    timeoutMs: null,
    payload,
    ...rest,
  };
}
