import { fork, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Figures, Task } from "./task.ts";

const CHILD = fileURLToPath(new URL("child.ts", import.meta.url));

interface Reply {
  readonly figures?: Figures;
  readonly isReady?: boolean;
}

export interface Child {
  /** Resolves when the child says that it is set up. */
  readonly ready: Promise<void>;
  /** Tell it to begin, or to end. */
  signal(): void;
  /** End it without a word. */
  kill(): void;
  /** What it measured, when it has ended. @throws Error when it ended without an answer */
  readonly figures: Promise<Figures>;
}

/** Far more than the longest takes; one that hangs must not take the run with it. */
const LIMIT_MS = 1_800_000;

const running = new Set<ChildProcess>();

/** A process that carries out a task; the source of Millrace runs unbuilt in it. */
export function spawnChild(task: Task): Child {
  const child = fork(CHILD, [JSON.stringify(task)], { execArgv: ["--conditions=millrace-source", ...flagsOf(task)] });
  running.add(child);
  const limit = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
  const ready = Promise.withResolvers<void>();
  const figures = Promise.withResolvers<Figures>();
  let answer: Figures | undefined;
  child.on("message", (reply: Reply) => {
    if (reply.isReady === true) ready.resolve();
    answer = reply.figures ?? answer;
  });
  child.on("exit", (code, signal) => {
    running.delete(child);
    clearTimeout(limit);
    const error = new Error(`${task.contestant}, ${task.measure}: the process ended with ${signal ?? code}`);
    ready.reject(error);
    if (answer === undefined) figures.reject(error);
    else figures.resolve(answer);
  });
  // Whoever does not wait for the one still hears of the failure through the other.
  ready.promise.catch(() => {});
  figures.promise.catch(() => {});
  return {
    ready: ready.promise,
    figures: figures.promise,
    signal: () => void child.send({}),
    kill: () => void child.kill("SIGKILL"),
  };
}

/** For profiling: `BENCH_NODE_FLAGS="--cpu-prof --cpu-prof-dir=…"`, with `BENCH_PROFILE` the measure it is for. */
function flagsOf(task: Task): readonly string[] {
  const flags = process.env["BENCH_NODE_FLAGS"];
  return flags === undefined || process.env["BENCH_PROFILE"] !== task.measure ? [] : flags.split(" ");
}

/** End what still runs: the run was interrupted. */
export function endChildren(): void {
  for (const child of running) child.kill("SIGKILL");
}
