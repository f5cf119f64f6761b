import { existsSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { isMillraceError, openMillrace } from "millrace";
import { beforeAll, describe, expect, it } from "vitest";
import { ENQUEUE_CALLS } from "./bad-input/enqueue-calls.ts";
import { ENQUEUE_COMMANDS } from "./bad-input/enqueue-commands.ts";
import { LIBRARY_CALLS } from "./bad-input/library-calls.ts";
import { STORE_COMMANDS } from "./bad-input/store-commands.ts";
import { TRANSFER_COMMANDS } from "./bad-input/transfer-commands.ts";
import { USAGE_COMMANDS } from "./bad-input/usage-commands.ts";
import { WORK_COMMANDS } from "./bad-input/work-commands.ts";
import { expectRefusal } from "./expect-refusal.ts";
import { millrace } from "./spawn-millrace.ts";
import { makeStore } from "./store-files.ts";
import { temporaryFolders } from "./temporary-folder.ts";

const folders = temporaryFolders();
let store = "";

beforeAll(async () => {
  store = join(await folders.create(), "millrace.db");
  await makeStore(store);
});

describe.concurrent.each([
  ["the command line", USAGE_COMMANDS],
  ["enqueue", ENQUEUE_COMMANDS],
  ["a store", STORE_COMMANDS],
  ["a worker", WORK_COMMANDS],
  ["export, import and move", TRANSFER_COMMANDS],
])("%s refuses", (_, commands) => {
  it.each(commands)("$name", async ({ args, input, files, env, hasStore, makesStore, ...expected }) => {
    const cwd = await folders.create(files);
    if (hasStore === true) await copyFile(store, join(cwd, "millrace.db"));
    const run = await millrace(args, {
      cwd,
      ...(input === undefined ? {} : { input }),
      ...(env === undefined ? {} : { env }),
    });
    expectRefusal(run, expected);
    // Nothing half-done: what is refused leaves no store behind.
    expect(existsSync(join(cwd, "millrace.db"))).toBe(hasStore === true || makesStore === true);
  });
});

describe("the library refuses", () => {
  it.each([...ENQUEUE_CALLS, ...LIBRARY_CALLS])("$name", async ({ call, code, says }) => {
    const mill = await openMillrace("memory:");
    try {
      const error: unknown = await new Promise((resolve) => resolve(call(mill))).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(Error);
      const { name, message } = error as Error;
      expect(isMillraceError(error) ? error.code : name).toBe(code);
      expect(message).toContain(says);
    } finally {
      await mill.close();
    }
  });
});
