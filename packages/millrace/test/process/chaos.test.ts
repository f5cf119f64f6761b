import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { expectSoundDrive, LIMIT_MS, newFolder, SECONDS } from "./chaos-drive.ts";

it(
  `workers and producers that are killed and paused for ${SECONDS} s lose nothing, run nothing twice and leave no gap`,
  { timeout: LIMIT_MS },
  async () => {
    const folder = newFolder();
    const store = `sqlite:${join(folder, "queue.db")}`;
    const { figures } = await expectSoundDrive({ store, faults: ["kill", "pause"] });
    expect(figures.jobs).toBeGreaterThan(100);
    expect(figures.cutShort).toBeGreaterThan(0);
    expect(figures.kills).toBeGreaterThan(SECONDS / 10);
    expect(figures.faults["pause"]).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  },
);
