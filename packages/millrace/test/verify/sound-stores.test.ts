import { describe, it } from "vitest";
import { fileProvider, memoryProvider } from "../stores/sqlite-provider.ts";
import { expectSound, LIMIT_MS } from "./expect-sound.ts";

describe("a sound store", () => {
  it.each([
    ["in memory", memoryProvider()],
    ["in a file, each worker on a connection of its own", fileProvider()],
  ])("is found sound: SQLite %s", { timeout: LIMIT_MS }, async (_, provider) => expectSound(provider));
});
