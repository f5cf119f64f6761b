import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { storeOf } from "../contestants/millrace.ts";
import { median } from "../statistics.ts";
import { countOf, type Figures, type Task } from "../task.ts";

const PACKAGE = fileURLToPath(new URL("../../packages/millrace/", import.meta.url));

/** From the call of the command line to its end, beside a Node that does nothing. As built, if it has been built. */
export async function measure(task: Task): Promise<Figures> {
  const built = `${PACKAGE}dist/cli/bin.js`;
  const isBuilt = existsSync(built);
  const bin = isBuilt ? [built] : ["--conditions=millrace-source", `${PACKAGE}src/cli/bin.ts`];
  const programs = {
    nodeMs: ["-e", "0"],
    versionMs: [...bin, "--version"],
    queuesMs: [...bin, "queues", "list", "--store", storeOf(task)],
  };
  await ran([...bin, "migrate", "--store", storeOf(task)]);
  const tookMs: Record<string, number[]> = {};
  for (let i = 0; i < countOf(task, "times"); i++) {
    for (const [name, args] of Object.entries(programs)) {
      const startedMs = performance.now();
      await ran(args);
      (tookMs[name] ??= []).push(performance.now() - startedMs);
    }
  }
  const medians = Object.entries(tookMs).map(([name, samples]): [string, number] => [name, median(samples)]);
  return { ...Object.fromEntries(medians), isBuilt: Number(isBuilt) };
}

function ran(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    child.on("error", reject);
    child.on("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${args.join(" ")} ended with ${code}`));
    });
  });
}
