import { closeSync, fdatasyncSync, openSync, statfsSync, unlinkSync, writeSync } from "node:fs";
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { arch, availableParallelism, cpus, loadavg, platform, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { redisVersion } from "./redis-server.ts";
import { median } from "./statistics.ts";

/** What the figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  readonly versions: Readonly<Record<string, string>>;
  /** Half of all flushes of one page take longer. */
  readonly flushMs: number;
  readonly isInMemory: boolean;
  /** Processes that wanted a core when the run began; above 0.5 the machine was not idle. */
  readonly load: number;
}

const PEERS = ["plainjob", "bullmq", "graphile-worker", "pg-boss"];
const TMPFS = 0x0102_1994;
const FLUSHES = 200;
const PAGE_BYTES = 4_096;

export function describeMachine(folder: string): Machine {
  return {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1_073_741_824),
    system: `${platform()} ${arch()}`,
    node: process.version,
    versions: versions(),
    flushMs: medianFlushMs(folder),
    isInMemory: statfsSync(folder).type === TMPFS,
    load: loadavg()[0] ?? 0,
  };
}

/** The commit that was measured, with a mark when the tree has more than that. */
export function commitOf(): string {
  const git = (...args: string[]): string =>
    spawnSync("git", args, { cwd: fileURLToPath(new URL("..", import.meta.url)), encoding: "utf8" }).stdout.trim();
  const commit = git("rev-parse", "--short", "--verify", "--quiet", "HEAD");
  if (commit === "") return "uncommitted";
  // What a run before this one has kept changes nothing of what is measured.
  const changes = git("status", "--porcelain", "--", ":/", ":!/docs", ":!/bench/results");
  return changes === "" ? commit : `${commit}-changed`;
}

function versions(): Record<string, string> {
  const folders = ["node_modules", "../node_modules"];
  const found: Record<string, string> = {};
  for (const name of ["better-sqlite3", "pg", ...PEERS, "ioredis"]) {
    for (const folder of folders) {
      const version = versionIn(new URL(`${folder}/${name}/package.json`, import.meta.url));
      if (version !== undefined) found[name] ??= version;
    }
  }
  const redis = redisVersion();
  return redis === null ? found : { ...found, redis };
}

function versionIn(manifest: URL): string | undefined {
  try {
    return (JSON.parse(readFileSync(manifest, "utf8")) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

function medianFlushMs(folder: string): number {
  const path = join(folder, `millrace-bench-flush-${process.pid}`);
  const file = openSync(path, "w");
  const page = Buffer.alloc(PAGE_BYTES);
  const tookMs: number[] = [];
  for (let i = 0; i < FLUSHES; i++) {
    writeSync(file, page);
    const startedMs = performance.now();
    fdatasyncSync(file);
    tookMs.push(performance.now() - startedMs);
  }
  closeSync(file);
  unlinkSync(path);
  return median(tookMs);
}
