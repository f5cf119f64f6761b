import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openMillrace } from "millrace";
import { expect, onTestFinished, test } from "vitest";
import { chanceFrom } from "../../src/core/chance.ts";
import { onEachStore } from "./store-kinds.ts";

const PROGRAM = fileURLToPath(new URL("./audited-program.ts", import.meta.url));
const CREW = 3;
/** So long the crew works and is looked at; `MILLRACE_AUDIT_MS=600000` for a long look. */
const LOOK_MS = Number(process.env["MILLRACE_AUDIT_MS"] ?? 4_000);
const seed = Number(process.env["MILLRACE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

async function hire(url: string, number: number): Promise<ChildProcess> {
  const child = fork(PROGRAM, [url, String(number)], { execArgv: ["--conditions=millrace-source"] });
  const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [unknown];
  expect(said).toBe("started");
  return child;
}

async function ended(child: ChildProcess, how: () => void): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  how();
  await exit;
}

onEachStore((kind) => {
  test(`an audit finds nothing while a crew is at work, and dies (MILLRACE_SEED=${seed})`, async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-audited-"));
    const store = kind.newStore(folder);
    const crew: ChildProcess[] = [];
    onTestFinished(async ({ task }) => {
      const hasFailed = task.result?.state === "fail";
      for (const child of crew) await ended(child, () => child.kill("SIGKILL"));
      await store.end(hasFailed);
      if (!hasFailed) rmSync(folder, { recursive: true });
    });
    const mill = await openMillrace(store.url);
    onTestFinished(() => mill.close());
    await mill.queue("pruned").configure({ retention: { completedMs: 200, failedMs: 200, cancelledMs: 200 } });
    for (let i = 0; i < CREW; i++) crew.push(await hire(store.url, seed + i));

    const chance = chanceFrom(seed);
    const until = performance.now() + LOOK_MS;
    let [audits, jobs] = [0, 0];
    while (performance.now() < until) {
      const report = await mill.verify({ sliceRows: 50 + Math.floor(chance() * 350) });
      expect([report.verdict, report.violations]).toEqual(["sound", []]);
      audits += 1;
      jobs = Math.max(jobs, report.jobs);
      const victim = crew[audits % CREW];
      if (chance() < 0.1 && victim !== undefined) {
        await ended(victim, () => victim.kill("SIGKILL"));
        crew[audits % CREW] = await hire(store.url, seed + 100 + audits);
      }
    }
    await Promise.all(crew.map((child) => ended(child, () => child.disconnect())));
    expect(crew.map(({ exitCode }) => exitCode)).toEqual(crew.map(() => 0));
    expect([audits > 1, jobs > 100]).toEqual([true, true]);
    const last = await mill.verify();
    expect([last.verdict, last.violations]).toEqual(["sound", []]);
  });
});
