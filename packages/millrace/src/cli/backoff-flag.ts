import { backoffProblem, type BackoffPolicy } from "../core/backoff.ts";
import { show } from "../core/options.ts";
import { parseDuration } from "./duration.ts";
import { refuse, splitPair } from "./flags.ts";
import { UsageError } from "./usage-error.ts";

const FORMS = ["fixed:5s", "exponential:1s", "exponential:1s,factor=3,max=10m,jitter=0"];

/**
 * The policy of `--backoff`: its type, the first delay, and what else an exponential one takes.
 * @throws UsageError
 */
export function parseBackoff(text: string): BackoffPolicy {
  const [head = "", ...rest] = text.split(",");
  const [type = "", delay] = head.split(":");
  if ((type !== "fixed" && type !== "exponential") || delay === undefined || (type === "fixed" && rest.length > 0)) {
    throw new UsageError(`--backoff: ${show(text)} is no policy`, { validOptions: FORMS });
  }
  const delayMs = parseDuration(delay, "--backoff");
  const policy: BackoffPolicy =
    type === "fixed" ? { type, delayMs } : rest.reduce<Exponential>(addPart, { type, delayMs });
  refuse(backoffProblem(policy, "--backoff"));
  return policy;
}

type Exponential = Extract<BackoffPolicy, { type: "exponential" }>;

function addPart(policy: Exponential, part: string): Exponential {
  const { name, value } = splitPair(part);
  if (value === null || value.trim() === "") {
    throw new UsageError(`--backoff: ${show(part)} has no value`, { validOptions: FORMS });
  }
  switch (name) {
    case "factor":
      return { ...policy, factor: Number(value) };
    case "jitter":
      return { ...policy, jitter: Number(value) };
    case "max":
      return { ...policy, maxMs: parseDuration(value, "--backoff max") };
    default:
      throw new UsageError(`--backoff: ${show(name)} is no part of a policy`, {
        validOptions: ["factor", "max", "jitter"],
      });
  }
}
