import type { Job } from "millrace";
import { MillraceClient } from "millrace/client";
import { expect, test } from "vitest";
import type { LeaseRef } from "../../src/core/lease.ts";
import { aWorker } from "../../src/testing/factory.ts";
import { openAt } from "../process/open-at.ts";
import * as acts from "./buildfarm-acts.ts";
import type { Round } from "./round.ts";
import { inEachSetUp, RUNS } from "./set-ups.ts";
import { WireWorker } from "./wire-worker.ts";

const ANSWERED_MS = 6_000;
/** A round of many is as good as many rounds. */
const LONG = RUNS >= 100;
const [SUBMITS, BUILDERS] = LONG ? [100, 50] : [20, 10];
const ENDINGS = LONG ? 1_000 : 16;
const MB = 1_024 * 1_024;
/** Of clients that name none. */
const ORGANISATION = "default";

inEachSetUp((setUp) => {
  test(
    `DT7 abandon, unregister, expiry and completion on one job, ${ENDINGS} of them: completed once or queued once; ${RUNS} times`,
    { timeout: setUp.limitMs },
    () =>
      setUp.run(async (round) => {
        const leases = await claimEach(round, ENDINGS);
        const hows = ["complete", "release", "leave", "rescue"] as const;
        const inputs = hows.map((how) => ({ how, leases }));
        const [completed = []] = await round.all(acts, "endAll", inputs);
        for (const { job: id } of leases) {
          const job = (await round.mill.get(id)) as Job;
          const endings = (await round.mill.attempts(id)).map(({ ending }) => ending);
          if (completed.includes(id)) expect([job.state, endings]).toEqual(["completed", []]);
          else expect([job.state, endings]).toEqual(["queued", [expect.stringMatching(/^(?:released|lost)$/)]]);
        }
      }),
  );

  // The store's own claims race in `process/claims`; here it is machines that poll servers.
  if (!setUp.name.endsWith("server") && !setUp.name.endsWith("servers")) return;

  test(
    `DT1 20 machines poll once for 10 builds: 10 assignments; DT2 10 for 1; DT8 keys, good and bad; ${RUNS} times`,
    { timeout: setUp.limitMs },
    () =>
      setUp.run(async (round) => {
        const jobs = await round.mill.enqueueMany(Array.from({ length: 10 }, () => ({ kind: "build" })));
        expect(await raceFor(round, "first", 20)).toEqual(jobs.map(({ id }) => id).toSorted());
        const { jobs: running } = await round.mill.list({ state: "running" });
        expect(new Set(running.map(({ worker }) => worker)).size).toBe(10);

        const { id } = await round.mill.enqueue("build");
        expect(await raceFor(round, "second", 10)).toEqual([id]);

        const good = await keysFor(round, 50);
        // The last characters are a check of all before them.
        const bad = good.map((key) => `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`);
        const statuses = await round.all(
          acts,
          "ask",
          [...good, ...bad].map((key) => ({ key })),
        );
        expect(statuses).toEqual([...good.map(() => 200), ...bad.map(() => 401)]);
      }),
  );

  test(
    `DT5 ${SUBMITS} submits of 1 MB, ${BUILDERS} builders: each built once, numbers 1 to ${SUBMITS}`,
    { timeout: setUp.limitMs },
    () =>
      setUp.run(
        async (round) => {
          const key = round.apiKey;
          const parts = [
            ...Array.from({ length: BUILDERS }, (): acts.Part => ({ part: "build", total: SUBMITS, key })),
            ...Array.from({ length: SUBMITS }, (): acts.Part => ({ part: "submit", bytes: MB, key })),
          ];
          const numbers = await round.all(acts, "takePart", parts);
          const all = Array.from({ length: SUBMITS }, (_, n) => n + 1);
          for (const some of [numbers.slice(0, BUILDERS), numbers.slice(BUILDERS)]) {
            expect(some.flat().toSorted((a, b) => Number(a) - Number(b))).toEqual(all);
          }
        },
        { runs: LONG ? RUNS : 1 },
      ),
  );
});

/** So many machines poll once, at the same moment. Answers the jobs that they got, none of them more than one. */
async function raceFor(round: Round, race: string, machines: number): Promise<readonly string[]> {
  const racers = Array.from({ length: machines }, (_, n) => ({ name: `${race}-${n}`, key: round.apiKey }));
  await round.all(acts, "register", racers);
  const polls = await round.all(acts, "pollOnce", racers);
  for (const { jobs, tookMs } of polls) {
    expect(jobs.length).toBeLessThanOrEqual(1);
    expect(tookMs).toBeLessThan(ANSWERED_MS);
  }
  return polls.flatMap(({ jobs }) => jobs).toSorted();
}

async function keysFor({ servers: [url = ""], apiKey }: Round, count: number): Promise<readonly string[]> {
  const owner = new MillraceClient({ url, key: apiKey });
  const names = Array.from({ length: count }, (_, n) => `submitter-${n}`);
  return Promise.all(names.map(async (name) => (await owner.createKey({ role: "member", name })).key));
}

/** Jobs that are each held by a worker of its own, some of them not for long; nobody else serves their queues. */
async function claimEach(round: Round, count: number): Promise<readonly acts.Held[]> {
  const queueOf = (n: number): string => `builds-${n}`;
  await round.mill.enqueueMany(
    Array.from({ length: count }, (_, n) => ({ kind: "build", options: { queue: queueOf(n) } })),
  );
  const held: acts.Held[] = [];
  const [url] = round.servers;
  const store = await openAt(round.store);
  try {
    for (let n = 0; n < count; n++) {
      const [worker, leaseMs] = [`holder-${n}`, 30 + Math.floor(round.chance() * 20 * count)];
      if (url !== undefined) {
        const holder = await WireWorker.register(url, round.apiKey, { id: worker, queues: [queueOf(n)] });
        const [lease] = await holder.claim(0, { leaseMs });
        held.push({ ...mustHave(lease), worker, key: holder.key });
        continue;
      }
      await store.registerWorker(aWorker({ id: worker, org: ORGANISATION }));
      const asked = { org: ORGANISATION, worker, labels: new Set<string>(), max: 1, leaseMs };
      const [claim] = await store.claim({ ...asked, queues: { order: "strict", names: [queueOf(n)] } });
      held.push({ ...mustHave(claim?.lease), worker, key: null });
    }
  } finally {
    await store.close();
  }
  return held;
}

function mustHave(lease: LeaseRef | undefined): LeaseRef {
  if (lease === undefined) throw new Error("there was nothing to claim");
  return { job: lease.job, token: lease.token };
}
