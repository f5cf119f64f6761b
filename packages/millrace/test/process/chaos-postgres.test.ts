import { join } from "node:path";
import { expect, it } from "vitest";
import { missingServer } from "../outage/road.ts";
import { installedFolder } from "../postgres/binaries.ts";
import { expectSoundDrive, LIMIT_MS, SECONDS } from "./chaos-drive.ts";

it.skipIf(missingServer() !== undefined)(
  `a PostgreSQL that restarts and ends connections for ${SECONDS} s, with workers and producers that are killed and paused: nothing is lost, nothing runs twice, no gap`,
  { timeout: LIMIT_MS },
  async () => {
    const { figures } = await expectSoundDrive({
      store: "postgres://unused/unused",
      postgresBin: join(installedFolder(), "bin"),
      faults: ["kill", "pause", "db-restart", "backend-kill"],
    });
    expect(figures.jobs).toBeGreaterThan(100);
    expect(figures.kills).toBeGreaterThan(SECONDS / 10);
    for (const fault of ["pause", "db-restart", "backend-kill"] as const) {
      expect(figures.faults[fault]).toBeGreaterThan(0);
    }
  },
);
