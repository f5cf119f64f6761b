import {
  durationProblem,
  countProblem,
  definedOnly,
  nearest,
  refuseOptions,
  show,
  unknownKeys,
  type Problem,
} from "../../core/options.ts";
import { FAULT_NAMES, type FaultName } from "../faults/fault.ts";
import { isPostgresUrl, isServerUrl } from "./store-url.ts";

export interface VerifyOptions {
  /**
   * Where to verify: `sqlite:./shop.db` makes a file beside that one, `postgres://…` a schema of its own in that database.
   * `https://host:7337` is a server, in whose organisation queues with names of their own are used.
   */
  readonly store: string;
  /** For a server: an API key or a JWT, of somebody who may pause queues. */
  readonly key?: string;
  /** Handlers that run at once, spread over two to eight processes. @default 16 */
  readonly workers?: number;
  /** The drive ends when about so many jobs were added … @default 20_000 */
  readonly jobs?: number;
  /** … or when so many seconds have passed, whichever comes first. @default 60 */
  readonly seconds?: number;
  /** What is done to the processes and to the store meanwhile. @default all that need nothing special for that store */
  readonly faults?: readonly FaultName[];
  /** What the crew and the faults do follows from it; when it comes about is up to the machine. @default by chance */
  readonly seed?: number;
  /** Keeps what was recorded, and the report. @default a temporary folder, kept only when not all is well */
  readonly report?: string;
  /** The folder with the programs of a PostgreSQL server: one of the drive's own is started from it. */
  readonly postgresBin?: string;
  /** How long all jobs may take to end once nothing is done to them any more, in seconds. @default 60, and `seconds` */
  readonly drainSeconds?: number;
  /** Told a few times a second how far it is. */
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends everything early; what was driven until then is not judged. */
  readonly signal?: AbortSignal;
}

export interface VerifyProgress {
  readonly phase: "starting" | "driving" | "draining" | "checking";
  /** From 0 to 1, of the phase. */
  readonly share: number;
  /** Jobs that were added. */
  readonly jobs: number;
  /** Attempts that ran to their end. */
  readonly ran: number;
  /** Strikes. */
  readonly faults: number;
  readonly kills: number;
}

export interface ResolvedVerifyOptions extends Omit<
  VerifyOptions,
  "key" | "report" | "postgresBin" | "onProgress" | "signal"
> {
  readonly key: string | null;
  readonly workers: number;
  readonly jobs: number;
  readonly seconds: number;
  readonly faults: readonly FaultName[];
  readonly seed: number;
  readonly report: string | null;
  readonly postgresBin: string | null;
  readonly drainSeconds: number;
}

const KEYS = [
  "store", "key", "workers", "jobs", "seconds", "faults", "seed", "report", "postgresBin", "drainSeconds", "onProgress",
  "signal",
] as const satisfies readonly (keyof VerifyOptions)[]; // prettier-ignore

const MOST_WORKERS = 1_000;
const DAY_SECONDS = 86_400;
const SEEDS = 1_000_000;
const DRAIN_SECONDS = 60;

/** @throws OptionsError with every broken rule */
export function resolveVerifyOptions(input: VerifyOptions): ResolvedVerifyOptions {
  refuseOptions(unknownKeys(input, KEYS, "verifyStore()"));
  const { store, workers, jobs, seconds, faults, seed, drainSeconds, ...given } = definedOnly(input) as VerifyOptions;
  refuseOptions([
    typeof store === "string"
      ? undefined
      : `verifyStore(): store must be the URL of a store or a server; got ${show(store)}`,
    countProblem(workers, "verifyStore(): workers"),
    (workers ?? 1) > MOST_WORKERS
      ? `verifyStore(): workers must be at most ${MOST_WORKERS}; got ${show(workers)}`
      : undefined,
    countProblem(jobs, "verifyStore(): jobs"),
    secondsProblem(seconds, "verifyStore(): seconds"),
    secondsProblem(drainSeconds, "verifyStore(): drainSeconds"),
    countProblem(seed, "verifyStore(): seed", 0),
    ...(faults ?? []).map(faultProblem),
  ]);
  const length = seconds ?? 60;
  return Object.freeze({
    store,
    key: given.key ?? null,
    workers: workers ?? 16,
    jobs: jobs ?? 20_000,
    seconds: length,
    faults: [...new Set(faults ?? usualFaults(store, given.postgresBin !== undefined))],
    seed: seed ?? Math.floor(Math.random() * SEEDS),
    report: given.report ?? null,
    postgresBin: given.postgresBin ?? null,
    drainSeconds: drainSeconds ?? DRAIN_SECONDS + length,
  });
}

/** What can be brought to a store as it is, without rights or programs that others do not have. */
function usualFaults(store: string, hasPostgresBin: boolean): readonly FaultName[] {
  if (isServerUrl(store)) return ["kill", "pause", "clock"];
  if (!isPostgresUrl(store)) return ["kill", "pause"];
  const always: readonly FaultName[] = ["kill", "pause", "backend-kill", "cut", "clock"];
  return hasPostgresBin ? [...always, "db-restart"] : always;
}

/** A sentence for what names no fault. */
function faultProblem(name: string): Problem {
  if ((FAULT_NAMES as readonly string[]).includes(name)) return undefined;
  const near = nearest(name, FAULT_NAMES);
  const hint = near === undefined ? `known are ${FAULT_NAMES.join(", ")}` : `did you mean "${near}"?`;
  return `${show(name)} is no fault; ${hint}`;
}

function secondsProblem(value: number | undefined, what: string): Problem {
  const problem = durationProblem(value, what, 1, DAY_SECONDS);
  return problem?.replace("milliseconds", "seconds");
}
