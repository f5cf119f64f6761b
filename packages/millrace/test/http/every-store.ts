import { describe, onTestFinished } from "vitest";
import { inMemory, onPostgreSQL } from "../runtime/grounds.ts";
import { aServer, type Bench } from "./bench.ts";

/** The same tests on every kind of store; skipped, and seen to be, where there can be none. */
export function onEveryStore(what: string, define: (open: typeof aServer) => void): void {
  for (const kind of [inMemory, onPostgreSQL]) {
    describe.skipIf(kind.missing() !== undefined)(`${what}, ${kind.name}`, () => {
      define(async (options, _, maker): Promise<Bench> => {
        const ground = kind.make();
        // Registered first, so it comes last: when the server is closed.
        onTestFinished(async ({ task }) => ground.end(task.result?.state === "fail"));
        return aServer(options, ground.url, maker);
      });
    });
  }
}
