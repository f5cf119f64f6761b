import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { NewArtifact } from "../../src/core/artifact.ts";
import type { JobId } from "../../src/core/job.ts";
import type { Store } from "../../src/core/store.ts";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { claimOne, enqueueOne, moves, refOf } from "../../src/testing/factory.ts";
import { until } from "../runtime/until.ts";
import { adminQuery, missingPostgres, newSchema, testUrl } from "./test-database.ts";

const HOUR_MS = 3_600_000;
let placeCount = 0;

async function openStore(): Promise<Store> {
  const schema = newSchema();
  onTestFinished(({ task }) => schema.end(task.result?.state === "fail"));
  const store = await openPostgres({ target: schema.url });
  onTestFinished(() => store.close());
  return store;
}

async function reserved(store: Store, job: JobId): Promise<NewArtifact> {
  const place = `place/${++placeCount}`;
  await store.reservePlace(place, HOUR_MS);
  return { job, name: "a", size: 1, sha256: "ab".repeat(32), contentType: "text/plain", createdBy: null, place };
}

/** A connection with an open transaction, and its number at the server. */
async function openTransaction(): Promise<{ readonly client: Client; readonly pid: number }> {
  const client = new Client(testUrl());
  onTestFinished(() => client.end());
  await client.connect();
  await client.query("BEGIN");
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return { client, pid: rows[0]?.pid ?? 0 };
}

describe.skipIf(missingPostgres() !== undefined)("an artifact", () => {
  test.each([
    ["COMMIT", "finished"],
    ["ROLLBACK", "kept"],
  ] as const)("sent while its job is being ended waits for the %s and is %s", async (end, status) => {
    const store = await openStore();
    const { id } = await enqueueOne(store);
    const claim = await claimOne(store);
    const artifact = await reserved(store, id);
    const { client, pid } = await openTransaction();
    await store.within(client).settle([{ ...refOf(claim), move: moves.complete() }]);
    const keeping = store.keepArtifact(artifact, null);
    await until("the artifact waits", async () => {
      const waiting = await adminQuery("SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))", [pid]);
      return waiting.length > 0;
    });
    await client.query(end);
    expect(await keeping).toBe(status);
    expect((await store.artifacts(id)).length).toBe(status === "kept" ? 1 : 0);
  });

  test("and others of its name, all at once: each takes the place of one before it", async () => {
    const store = await openStore();
    const { id } = await enqueueOne(store);
    const sent = await Promise.all(Array.from({ length: 10 }, () => reserved(store, id)));
    const statuses = await Promise.all(sent.map((artifact) => store.keepArtifact(artifact, null)));
    expect(new Set(statuses)).toEqual(new Set(["kept"]));
    const [kept, ...others] = await store.artifacts(id);
    expect(others).toEqual([]);
    const places = [kept?.place, ...(await store.takeDiscardedPlaces(100, HOUR_MS))];
    expect(places.length).toBe(10);
    expect(new Set(places)).toEqual(new Set(sent.map(({ place }) => place)));
  });

  test("sent twice at once is kept once, and both hear so", async () => {
    const store = await openStore();
    const { id } = await enqueueOne(store);
    for (let round = 0; round < 10; round++) {
      const artifact = await reserved(store, id);
      const statuses = [artifact, artifact].map((each) => store.keepArtifact(each, null));
      expect(await Promise.all(statuses)).toEqual(["kept", "kept"]);
      expect((await store.artifact(id, "a"))?.place).toBe(artifact.place);
    }
    expect((await store.takeDiscardedPlaces(100, HOUR_MS)).length).toBe(9);
  });
});
