import type { QueueChoice } from "../core/lane.ts";
import { DEFAULT_HEARTBEAT_MS, DEFAULT_LEASE_MS } from "../core/lease.ts";
import {
  countProblem,
  definedOnly,
  durationProblem,
  labelsProblem,
  nameProblem,
  refuseOptions,
  show,
  unknownKeys,
  wholeMs,
  type Problem,
} from "../core/options.ts";

export interface WorkerOptions {
  /**
   * Queues to serve: a list in strict order (the second only while the first has nothing), or names with weights
   * (`{ live: 10, batch: 1 }`). @default every queue, in turn
   */
  readonly queues?: readonly string[] | Readonly<Record<string, number>>;
  /** Jobs run at the same time. @default 10 */
  readonly concurrency?: number;
  /**
   * Jobs claimed ahead and kept in the process, beyond those that run. Higher moves more small jobs a second; what is
   * kept here nobody else can take meanwhile. @default 0
   */
  readonly prefetch?: number;
  /** What this worker offers to jobs with `requires`: `gpu`, `gpu=nvenc`, `threads=16`. @default none */
  readonly labels?: readonly string[];
  /**
   * How long a claim holds a job without a heartbeat, in milliseconds. After a crash the next attempt waits at most
   * this long, plus one second. Shorter recovers faster and writes more. At least three times `heartbeatMs`.
   * @default 30_000
   */
  readonly leaseMs?: number;
  /** How often all leases are prolonged, in milliseconds. @default 10_000, or a third of `leaseMs` */
  readonly heartbeatMs?: number;
  /** How long `stop()` lets running jobs finish before their signals fire, in milliseconds. @default 30_000 */
  readonly stopGraceMs?: number;
  /**
   * How long a handler may go on after its signal fired because of a time limit, a cancel or a stop, in milliseconds;
   * then its slot is given to other work. @default 5_000
   */
  readonly abortGraceMs?: number;
  /** A name for people. @default host and process */
  readonly name?: string;
}

export interface ResolvedWorkerOptions {
  readonly queues: QueueChoice;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly labels: readonly string[];
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly stopGraceMs: number;
  readonly abortGraceMs: number;
  readonly name: string | null;
}

const DEFAULTS = {
  concurrency: 10,
  prefetch: 0,
  labels: [],
  leaseMs: DEFAULT_LEASE_MS,
  stopGraceMs: 30_000,
  abortGraceMs: 5_000,
} as const;

const KEYS = [
  "queues", "concurrency", "prefetch", "labels", "leaseMs", "heartbeatMs", "stopGraceMs", "abortGraceMs", "name",
] as const satisfies readonly (keyof WorkerOptions)[]; // prettier-ignore

/** @throws OptionsError with every broken rule */
export function resolveWorkerOptions(input: WorkerOptions = {}): ResolvedWorkerOptions {
  refuseOptions(unknownKeys(input, KEYS, "worker()"));
  const given = { ...DEFAULTS, ...definedOnly(input) };
  const heartbeatMs = given.heartbeatMs ?? Math.min(DEFAULT_HEARTBEAT_MS, Math.floor(given.leaseMs / 3));
  refuseOptions([
    queuesProblem(given.queues),
    countProblem(given.concurrency, "worker(): concurrency"),
    countProblem(given.prefetch, "worker(): prefetch", 0),
    labelsProblem(given.labels, "worker(): labels"),
    durationProblem(given.leaseMs, "worker(): leaseMs", 30),
    durationProblem(heartbeatMs, "worker(): heartbeatMs", 10),
    durationProblem(given.stopGraceMs, "worker(): stopGraceMs", 0),
    durationProblem(given.abortGraceMs, "worker(): abortGraceMs", 0),
    given.name === undefined ? undefined : nameProblem(given.name, "worker(): name"),
    heartbeatMs * 3 > given.leaseMs
      ? `worker(): a lease outlives two missed heartbeats: leaseMs (${given.leaseMs}) must be at least three times heartbeatMs (${heartbeatMs})`
      : undefined,
  ]);
  return Object.freeze({
    ...given,
    queues: toChoice(given.queues),
    leaseMs: wholeMs(given.leaseMs),
    heartbeatMs,
    name: given.name ?? null,
  });
}

function queuesProblem(queues: WorkerOptions["queues"]): Problem {
  if (queues === undefined) return undefined;
  if (typeof queues !== "object" || queues === null) {
    return `worker(): queues must be a list of names, or names with weights; got ${show(queues)}`;
  }
  const names = Array.isArray(queues) ? (queues as unknown[]) : Object.keys(queues);
  if (names.length === 0) return "worker(): queues is empty; leave it out to serve every queue";
  const wrongName = names
    .map((name) => nameProblem(name, "worker(): a queue"))
    .find((problem) => problem !== undefined);
  if (wrongName !== undefined || Array.isArray(queues)) return wrongName;
  const wrong = Object.entries(queues).find(
    ([, weight]) => typeof weight !== "number" || !(weight > 0) || weight > 1_000_000,
  );
  return wrong === undefined
    ? undefined
    : `worker(): the weight of "${wrong[0]}" must be above 0; got ${show(wrong[1])}`;
}

function toChoice(queues: WorkerOptions["queues"]): QueueChoice {
  if (queues === undefined) return { order: "turns" };
  if (Array.isArray(queues)) return { order: "strict", names: queues as readonly string[] };
  return { order: "weighted", weights: new Map(Object.entries(queues)) };
}

/** The names served, for `workers()`; `null` for every queue. */
export function namesOf(choice: QueueChoice): readonly string[] | null {
  if (choice.order === "turns") return null;
  return choice.order === "strict" ? choice.names : [...choice.weights.keys()];
}
