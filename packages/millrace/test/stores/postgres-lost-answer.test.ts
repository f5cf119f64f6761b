import { describe, expect, onTestFinished, test } from "vitest";
import { openPostgres } from "../../src/stores/postgres/index.ts";
import { claimSome, enqueueAll, requests } from "../../src/testing/factory.ts";
import { TcpProxy } from "../../src/verify/faults/tcp-proxy.ts";
import { missingPostgres, newSchema } from "../postgres/test-database.ts";
import { until } from "../runtime/until.ts";
import { Edits, type Mutant } from "./mutants/mutant.ts";

const COUNT = 3;

/** Conformance cases have no network that they could break, so they cannot tell what becomes of an answer on its way. */
describe.skipIf(missingPostgres() !== undefined)("a claim whose answer is lost", () => {
  /** How many tickets a claim answers that has taken all there are, and whose connection breaks before it is told. */
  async function claimedOverBreak(isFirst: boolean, edits: Edits): Promise<number> {
    const schema = newSchema();
    onTestFinished(() => schema.drop());
    const { hostname: host, port } = new URL(schema.url);
    const proxy = await TcpProxy.to({ host, port: Number(port) });
    onTestFinished(() => proxy.close());
    const watcher = await openPostgres({ target: schema.url });
    onTestFinished(() => watcher.close());
    const store = await openPostgres({ target: proxy.through(schema.url), edit: edits.edit });
    onTestFinished(() => store.close());

    await enqueueAll(watcher, requests(isFirst ? COUNT : COUNT + 1));
    // What a worker knows from its first claim, it does not ask in the second.
    if (!isFirst) await claimSome(store, 1);
    const { running } = await watcher.counts({});
    const claim = { org: "acme", worker: "worker-1", queues: { order: "turns" }, labels: new Set<string>() } as const;
    proxy.onSaid = (text) => {
      if (text.includes("claim_take")) proxy.mute();
    };
    const claiming = store.claim({ ...claim, max: COUNT, leaseMs: 30_000 });
    await until("the tickets are taken", async () => (await watcher.counts({})).running === running + COUNT);
    proxy.onSaid = () => undefined;
    await proxy.heal();
    return (await claiming).length;
  }

  describe.each([
    ["the first of its worker", true],
    ["another", false],
  ])("and which is %s", (_, isFirst) => {
    test("is answered when the connection is back", async () => {
      expect(await claimedOverBreak(isFirst, new Edits())).toBe(COUNT);
    });

    test("is found out when nobody recalls what it took", async () => {
      const edits: Mutant["edits"] = { CLAIM_RECALL: ["WHERE r.worker", "WHERE false AND r.worker"] };
      const made = new Edits(edits);
      expect(await claimedOverBreak(isFirst, made)).toBe(0);
      made.assertApplied();
    });
  });
});
