import process from "node:process";
import type { TestProject } from "vitest/node";
import type { PostgresServer } from "./server.ts";
import { startRunServer } from "./start-run-server.ts";

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
  run.server ??= startRunServer();
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
