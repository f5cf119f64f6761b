import { existsSync, statfsSync } from "node:fs";
import process from "node:process";
import type { TestProject } from "vitest/node";
import { startServer, type PostgresServer } from "./server.ts";

/** What the tests of a run are told about its server. */
export interface RunServer {
  readonly url: string | undefined;
  /** Why there is no address. */
  readonly reason: string | undefined;
}

declare module "vitest" {
  interface ProvidedContext {
    readonly postgres: RunServer;
  }
}

/** Room for what a whole run writes, and for the log of it. */
const ROOM_BYTES = 1_500_000_000;
const SETTINGS = { max_wal_size: "256MB" };

/**
 * No test pulls the plug on the server that all of them share, so what it writes through need not go further than to
 * memory, where there is room. The server does not know, and is set up as it would be anywhere.
 */
function placeInMemory(): { readonly parentFolder?: string } {
  const parentFolder = "/dev/shm";
  if (!existsSync(parentFolder)) return {};
  const { bavail, bsize } = statfsSync(parentFolder);
  return bavail * bsize > ROOM_BYTES ? { parentFolder } : {};
}

/** Each project loads this file for itself, and all of them use one server; it is kept where they all see it. */
interface Shared {
  server?: Promise<PostgresServer>;
  userCount: number;
}

const KEY = Symbol.for("millrace.test.postgres");

function shared(): Shared {
  const place = globalThis as typeof globalThis & { [KEY]?: Shared };
  return (place[KEY] ??= { userCount: 0 });
}

/** Give the project's tests the server of the run, and end it after the last project. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["MILLRACE_TEST_POSTGRES"];
  if (given !== undefined && given !== "") {
    project.provide("postgres", { url: given, reason: undefined });
    return () => Promise.resolve();
  }
  const run = shared();
  run.userCount += 1;
  run.server ??= startServer({ settings: SETTINGS, ...placeInMemory() });
  project.provide("postgres", await describeServer(run.server));
  return async () => {
    run.userCount -= 1;
    const { server } = run;
    if (run.userCount > 0 || server === undefined) return;
    delete run.server;
    await server.then(
      (started) => started.remove(),
      () => undefined,
    );
  };
}

async function describeServer(server: Promise<PostgresServer>): Promise<RunServer> {
  try {
    return { url: (await server).url, reason: undefined };
  } catch (error) {
    // There, nobody would see that half of the tests were skipped.
    if (process.env["CI"] !== undefined) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(`The tests on PostgreSQL are skipped: ${reason}\n`);
    return { url: undefined, reason };
  }
}
