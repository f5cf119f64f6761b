import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StoreError, type Millrace } from "millrace";
import { expect, it, onTestFinished } from "vitest";
import { Actor } from "./actor.ts";
import type { FromFiller } from "./disk-messages.ts";
import { readAllJobs } from "./all-jobs.ts";
import { Scene } from "./scene.ts";

/** Gives `use` a file system of so many bytes; answers false where this user may not mount one. */
function mountSmallDisk(folder: string, bytes: number): boolean {
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return false;
  }
  onTestFinished(() => void execFileSync("umount", ["--lazy", folder]));
  return true;
}

async function expectWhole(
  mill: Millrace,
  acknowledged: readonly { id: string; number: number | null }[],
): Promise<void> {
  expect((await mill.verify()).violations).toEqual([]);
  const jobs = await readAllJobs(mill);
  const numberOf = new Map(jobs.map(({ id, number }) => [id as string, number]));
  expect(acknowledged.filter(({ id, number }) => numberOf.get(id) !== number)).toEqual([]);
  const numbers = jobs.map(({ number }) => number).toReversed();
  expect(numbers).toEqual(Array.from({ length: jobs.length }, (_, i) => i + 1));
}

it("a disk that fills up refuses with store_unavailable; what was acknowledged is kept, and with room again it goes on", async ({
  skip,
}) => {
  const scene = Scene.on();
  const disk = join(scene.folder, "disk");
  if (!mountSmallDisk(disk, 6_000_000)) skip("this user may not mount a small file system; the next test needs none");
  const ballast = join(disk, "ballast");
  writeFileSync(ballast, Buffer.alloc(2_000_000));
  const mill = await scene.open(`sqlite:${join(disk, "queue.db")}`);

  const acknowledged: { id: string; number: number | null }[] = [];
  const enqueue = async (): Promise<void> => void acknowledged.push(await mill.enqueue("fill", "x".repeat(2_000)));
  const refusals: unknown[] = [];
  while (refusals.length === 0) {
    const answers = await Promise.allSettled([enqueue(), enqueue(), enqueue()]);
    for (const answer of answers) if (answer.status === "rejected") refusals.push(answer.reason);
  }
  const [refusal] = refusals;
  expect(refusal).toBeInstanceOf(StoreError);
  expect(refusal).toMatchObject({ code: "store_unavailable", retryable: true });
  expect((refusal as Error).message).toContain("the disk is full");
  // Reading needs no room.
  await expectWhole(mill, acknowledged);

  rmSync(ballast);
  const before = acknowledged.length;
  for (let i = 0; i < 20; i++) await enqueue();
  expect(acknowledged.length).toBe(before + 20);
  const worker = mill.worker({ concurrency: 20 }).handle("fill", () => undefined);
  await worker.start();
  await worker.drain();
  await worker.stop();
  expect((await mill.counts()).completed).toBe(acknowledged.length);
  await expectWhole(mill, acknowledged);
}, 120_000);

it("a process that may write no further is refused with store_unavailable, and the next process finds all that was acknowledged", async () => {
  const scene = Scene.on();
  // In blocks of 512 bytes; the limit that a disk, a quota or an administrator sets.
  const limited = join(scene.folder, "limited-node");
  writeFileSync(limited, `#!/bin/sh\nulimit -f 4000\nexec "${process.execPath}" "$@"\n`);
  chmodSync(limited, 0o755);
  const actor = scene.play(
    new Actor<FromFiller>(new URL("./disk-program.ts", import.meta.url), { url: scene.url }, { execPath: limited }),
  );
  const full = await actor.hears(
    (message): message is Extract<FromFiller, { type: "full" }> => message.type === "full",
  );
  for (const refusal of full.refusals) {
    expect(refusal).toMatchObject({ code: "store_unavailable", retryable: true, name: "StoreError" });
    expect(refusal.message).toMatch(/the disk (is full|refused to read or write)/);
  }
  expect(await actor.exited).toEqual({ code: 0, signal: null });

  const acknowledged = actor.told.flatMap((message) => (message.type === "acknowledged" ? message.jobs : []));
  expect(acknowledged.length).toBeGreaterThan(100);
  const mill = await scene.open();
  await expectWhole(mill, acknowledged);
  await mill.enqueue("fill", "x".repeat(2_000));
  await expectWhole(mill, acknowledged);
});
