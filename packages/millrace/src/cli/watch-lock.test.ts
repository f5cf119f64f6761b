import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ConflictError } from "../core/errors.ts";
import { lockFile } from "./watch-lock.ts";

function newLock(text?: string): { readonly folder: string; readonly path: string } {
  const folder = mkdtempSync(join(tmpdir(), "millrace-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "docs.lock");
  if (text !== undefined) writeFileSync(path, text);
  return { folder, path };
}

/** Of a process that has ended. */
const gone = spawnSync(process.execPath, ["-e", ""]).pid;
const lockOf = (pid: number, bornAt: string | null = null): string =>
  JSON.stringify({ pid, host: hostname(), startedAt: "2026-01-01T00:00:00.000Z", bornAt });

test("a lock names its process, refuses others by that name, and is gone when it is given back", async () => {
  const { folder, path } = newLock();
  const unlock = await lockFile(path, "watch docs");
  const { pid, host, startedAt } = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  expect([pid, host]).toEqual([process.pid, hostname()]);
  const told = `watch docs: already running (PID ${process.pid} on ${hostname()}, since ${String(startedAt)})`;
  await expect(lockFile(path, "watch docs")).rejects.toThrow(told);
  unlock();
  unlock();
  expect(readdirSync(folder)).toEqual([]);
});

const STALE: readonly (readonly [what: string, text: string])[] = [
  ["a process that is gone", lockOf(gone)],
  // Elsewhere nobody tells when a process was born.
  ...(process.platform === "linux" ? [["another process with the same PID", lockOf(process.pid, "1")] as const] : []),
  ["nothing that can be read", '{"pid": 1'],
  ["nobody", "{}"],
];

test.each(STALE)("a lock of %s is taken over by exactly one of many", async (_, text) => {
  const { folder, path } = newLock(text);
  const ends = await Promise.allSettled(Array.from({ length: 20 }, async () => lockFile(path, "watch docs")));
  const refused = ends.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : []));
  expect(refused).toHaveLength(19);
  expect(refused.every((error) => error instanceof ConflictError)).toBe(true);
  expect(readdirSync(folder)).toEqual(["docs.lock"]);
});

test("of several who wait for their turn to take a lock over, only the first does", async () => {
  const { folder, path } = newLock(lockOf(gone));
  writeFileSync(`${path}.guard`, "somebody is at it");
  const waiting = Array.from({ length: 3 }, async () => lockFile(path, "watch docs"));
  rmSync(`${path}.guard`);
  const ends = await Promise.allSettled(waiting);
  expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(readdirSync(folder)).toEqual(["docs.lock"]);
});

test("a lock of another machine is left alone, and says what to do", async () => {
  const { path } = newLock(JSON.stringify({ pid: gone, host: "elsewhere", startedAt: "then", bornAt: null }));
  await expect(lockFile(path, "watch docs")).rejects.toThrow(`on elsewhere, since then). Whether it lives`);
});

test("who gives back a lock that is not its own any more leaves it there", async () => {
  const { path } = newLock();
  const unlock = await lockFile(path, "watch docs");
  writeFileSync(path, lockOf(gone));
  unlock();
  expect(readFileSync(path, "utf8")).toBe(lockOf(gone));
});
