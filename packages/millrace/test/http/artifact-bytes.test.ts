import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Millrace } from "../../src/runtime/millrace.ts";
import { until } from "../runtime/until.ts";
import { anArtifactServer, filesIn } from "./artifact-server.ts";
import { aServer } from "./bench.ts";

/** Nothing that is sent here has it. */
const OTHER_SHA256 = "0".repeat(64);

describe("the bytes of artifacts", () => {
  it("are deleted when the job is pruned", async () => {
    const server = await anArtifactServer();
    const { id, path } = await server.aJob();
    await server.send("PUT", `${path}/a`, { body: "x" });
    await server.mill.queue("default").configure({ retention: { cancelledMs: 1 } });
    await server.mill.cancel(id);
    await until("the job is pruned", async () => {
      await server.mill.prune();
      return (await server.mill.get(id)) === null;
    });
    const { path: next } = await server.aJob();
    // An upload that fails wakes whoever deletes.
    await server.send("PUT", `${next}/b`, { body: "x", headers: { "X-Millrace-Sha256": OTHER_SHA256 } });
    await until("no file is left", async () => (await filesIn(server.folder)).length === 0);
  });

  it("that a server left when it died are deleted when its reservation is over", async () => {
    const server = await anArtifactServer();
    const { store } = Millrace.kernelOf(server.mill);
    const [half, whole, still] = ["a", "b", "c"].map((letter) => letter.repeat(40)) as [string, string, string];
    for (const [place, ms] of [
      [half, 1],
      [whole, 1],
      [still, 60_000],
    ] as const)
      await store.reservePlace(place, ms);
    for (const file of [`aa/${half}.part`, `bb/${whole}`, `cc/${still}.part`]) {
      await mkdir(dirname(join(server.folder, file)), { recursive: true });
      await writeFile(join(server.folder, file), "x");
    }
    const { path } = await server.aJob();
    await until("what is over is deleted", async () => {
      await server.send("PUT", `${path}/b`, { body: "x", headers: { "X-Millrace-Sha256": OTHER_SHA256 } });
      return (await filesIn(server.folder)).length === 1;
    });
    expect((await filesIn(server.folder))[0]?.path).toContain(still);
  });

  it("are not needed to send a JSON body, whose limits do not hold for them", async () => {
    const server = await anArtifactServer(aServer, { limits: { bodyBytes: 1_000 } });
    const { path } = await server.aJob();
    const deep = "[".repeat(5_000);
    const headers = { "Content-Type": "application/json" };
    expect((await server.send("PUT", `${path}/deep.json`, { body: deep, headers })).status).toBe(201);
    expect(await (await server.send("GET", `${path}/deep.json`)).text()).toBe(deep);
  });
});
