import { expect, onTestFinished, test } from "vitest";
import { aWorker } from "../../src/testing/factory.ts";
import { openAt } from "../process/open-at.ts";
import * as acts from "./forge-acts.ts";
import * as importing from "./forge-import-acts.ts";
import type { Round } from "./round.ts";
import { inEachSetUp, RUNS } from "./set-ups.ts";

/** Of clients that name none. */
const ORGANISATION = "default";
const CREATORS = 20;
const CREATES = 20;
const WRITERS = 10;
const LINES = 100;
/** What a log must give back as it got it. (A text of several lines comes back as those lines.) */
const ODD = `"quoted", 'single' and\ttabbed \u0007\u001b[31m 🎬 👩‍💻`;

inEachSetUp(
  (setUp) => {
    test(
      `ET5 numbers adopted while ${CREATORS} create: none lost, none given twice; ${RUNS} times`,
      { timeout: setUp.limitMs },
      () =>
        setUp.run(async (round) => {
          const caller = await importing.callerAt(round.store);
          try {
            for (const sql of importing.TABLES) await caller.query(sql);
            const inputs = Array.from({ length: CREATORS }, (_, n) => ({
              creates: CREATES,
              switchAfter: n === 0 ? 5 : null,
            }));
            await round.all(importing, "createAcross", inputs);
            const rows = await caller.query("SELECT number FROM issues ORDER BY number");
            expect(rows.map((row) => row["number"])).toEqual(
              Array.from({ length: 3 + CREATORS * CREATES }, (_, n) => n + 1),
            );
          } finally {
            await caller.end();
          }
        }),
    );
  },
  ["one process", "processes on a file", "processes on PostgreSQL"],
);

inEachSetUp(
  (setUp) => {
    test(`ET4 an open transaction in one repository delays no other; ${RUNS} times`, { timeout: setUp.limitMs }, () =>
      setUp.run(async (round) => {
        await (await acts.openForgeAt(round.store)).close();
        const caller = await importing.callerAt(round.store);
        onTestFinished(() => caller.end());
        await caller.transaction(async () => {
          expect(await round.mill.number("repo:a", { tx: caller.tx })).toBe(1);
          const others = Array.from({ length: 8 }, () => [{ repository: "b", kind: "issue", title: "one" } as const]);
          await round.all(acts, "createAll", others);
        });
        expect(await round.mill.number("repo:a")).toBe(2);
      }),
    );
  },
  ["processes on PostgreSQL"],
);

inEachSetUp((setUp) => {
  test(
    `ET7 ${WRITERS} writers of ${LINES} lines to one job: 1 to ${WRITERS * LINES}; ED10 each as it was; ${RUNS} times`,
    { timeout: setUp.limitMs },
    () =>
      setUp.run(async (round) => {
        const { id } = await round.mill.enqueue("build");
        const held = await (round.servers.length === 0 ? claimHere(round) : claimThere(round));
        const linesOf = (writer: number): string[] => Array.from({ length: LINES }, (_, n) => `${writer}/${n} ${ODD}`);
        const inputs = Array.from({ length: WRITERS }, (_, writer) => ({ ...held, lines: linesOf(writer) }));
        await round.all(acts, "write", inputs);

        const lines = await round.mill.logs(id, { limit: 1_000 });
        expect(lines.map(({ sequence }) => sequence)).toEqual(Array.from({ length: WRITERS * LINES }, (_, n) => n + 1));
        for (const [writer, { lines: own }] of inputs.entries()) {
          expect(lines.map(({ text }) => text).filter((text) => text.startsWith(`${writer}/`))).toEqual(own);
        }
      }),
  );
});

/** A lease that several processes write under. */
async function claimHere(round: Round): Promise<Pick<acts.Writing, "lease" | "worker">> {
  const store = await openAt(round.store);
  try {
    const worker = aWorker({ id: "writer", org: ORGANISATION });
    await store.registerWorker(worker);
    const queues = { order: "turns" } as const;
    const [claim] = await store.claim({
      org: ORGANISATION,
      worker: "writer",
      queues,
      labels: new Set(),
      max: 1,
      leaseMs: 30_000,
    });
    if (claim === undefined) throw new Error("there was nothing to claim");
    const { job, token } = claim.lease;
    return { lease: { job, token }, worker: null };
  } finally {
    await store.close();
  }
}

async function claimThere({ servers: [url = ""], apiKey }: Round): Promise<Pick<acts.Writing, "lease" | "worker">> {
  const post = async (path: string, key: string, body: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { worker, key } = (await post("/v1/workers", apiKey, { name: "writer" })) as {
    worker: string;
    key: string;
  };
  const { jobs } = (await post(`/v1/workers/${worker}/claim`, key, { max: 1, waitMs: 0 })) as {
    jobs: { id: acts.Writing["lease"]["job"]; lease: { token: number } }[];
  };
  const [job] = jobs;
  if (job === undefined) throw new Error("there was nothing to claim");
  return { lease: { job: job.id, token: job.lease.token }, worker: { id: worker, key } };
}
