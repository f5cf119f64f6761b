import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ConflictError } from "../core/errors.ts";

/** Who watches, as it stands in a lock file. */
export interface Watcher {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly startedAt: string;
  /** When the system started the process, by its own count: of two with one PID it tells which is meant. */
  readonly bornAt: string | null;
}

/** Replacing a lock takes an instant; a guard that lies there for so long was left behind. */
const GUARD_LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 20;

/**
 * An exclusive lock: a file that names the process which has it, made in one step with all that stands in it. A lock of
 * a process that is gone, or one that nobody can read, is taken over; who takes it over is alone while doing so.
 * @returns a function that gives it back, safe to call twice
 * @throws ConflictError naming the process that has it
 */
export async function lockFile(path: string, what: string): Promise<() => void> {
  const own: Watcher = {
    pid: process.pid,
    host: hostname(),
    startedAt: new Date().toISOString(),
    bornAt: birthOf(process.pid),
  };
  const text = `${JSON.stringify(own)}\n`;
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, text, { mode: 0o600 });
  try {
    while (!takeNew(draft, path)) {
      refuseLive(path, what);
      await replaceStale(draft, path, what);
      if (readText(path) === text) break;
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readText(path) === text) rmSync(path, { force: true });
  };
}

/** @returns false when a lock is there */
function takeNew(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Only who has the guard replaces a lock, so that of two who found the same one neither replaces the other's. */
async function replaceStale(draft: string, path: string, what: string): Promise<void> {
  const guard = `${path}.guard`;
  while (!takeNew(draft, guard)) {
    if (ageOf(guard) > GUARD_LIMIT_MS) rmSync(guard, { force: true });
    await sleep(LOOK_EVERY_MS);
  }
  try {
    const text = readText(path);
    if (text === null) return;
    refuseLive(path, what);
    const copy = `${draft}.lock`;
    linkSync(draft, copy);
    renameSync(copy, path);
  } finally {
    unlinkSync(guard);
  }
}

function refuseLive(path: string, what: string): void {
  const watcher = parseWatcher(readText(path));
  if (watcher === null || !isAlive(watcher)) return;
  const { pid, host, startedAt } = watcher;
  const elsewhere =
    host === hostname() ? "" : `. Whether it lives cannot be seen from here; if it does not, delete ${path}`;
  const message = `${what}: already running (PID ${pid} on ${host}, since ${startedAt})${elsewhere}`;
  throw new ConflictError("state_conflict", message, { pid, host, startedAt });
}

function isAlive({ pid, host, bornAt }: Watcher): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // It is there, and belongs to somebody else.
    if (codeOf(error) !== "EPERM") return false;
  }
  const born = birthOf(pid);
  return bornAt === null || born === null || born === bornAt;
}

/** `null` where the system does not tell. */
function birthOf(pid: number): string | null {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the name, which may hold anything, stands the state; the start is the twentieth from there.
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

function parseWatcher(text: string | null): Watcher | null {
  try {
    const value = JSON.parse(text ?? "") as Partial<Watcher> | null;
    const isWhole = Number.isSafeInteger(value?.pid) && (value?.pid ?? 0) > 0 && typeof value?.host === "string";
    return isWhole ? (value as Watcher) : null;
  } catch {
    return null;
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
