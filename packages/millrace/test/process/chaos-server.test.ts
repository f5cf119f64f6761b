import { openMillrace } from "millrace";
import { expect, it, onTestFinished } from "vitest";
import { KEY, serve } from "../cli/serving.ts";
import { verifyStore } from "../../src/verify/index.ts";
import { LIMIT_MS, newFolder, SEED } from "./chaos-drive.ts";

const SECONDS = Math.min(8, Number(process.env["MILLRACE_SECONDS"] ?? 8));

it(
  `remote workers and producers that are killed and paused for ${SECONDS} s lose nothing over HTTP, and touch only queues of their own`,
  { timeout: LIMIT_MS },
  async () => {
    const cwd = newFolder();
    const { url: store } = await serve(cwd);
    const key = KEY;
    const mine = await openMillrace(store, { key });
    onTestFinished(() => mine.close());
    const { id } = await mine.enqueue("mine", null, { queue: "main" });

    const outcome = await verifyStore({ store, key, seconds: SECONDS, jobs: 100_000, seed: SEED, workers: 8 });
    process.stdout.write(`${outcome.command}\n${JSON.stringify(outcome.figures)}\n`);
    expect(outcome).toMatchObject({ verdict: "ok", violations: [], unknown: [], audit: null, kept: null });
    expect(outcome.figures.jobs).toBeGreaterThan(20);
    expect(outcome.figures.kills).toBeGreaterThan(0);
    expect(outcome.leftOut).toContain("transactions of a caller");
    expect(outcome.command).not.toContain(key);
    expect(await mine.get(id)).toMatchObject({ state: "queued", attempt: 0 });
  },
);
