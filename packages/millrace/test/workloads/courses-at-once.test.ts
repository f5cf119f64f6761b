import type { Job } from "millrace";
import { expect, test } from "vitest";
import type { NewItem } from "../../../../examples/forge/items.ts";
import { Gate, until } from "../runtime/until.ts";
import * as acts from "./courses-acts.ts";
import { CROWD, keyOf, makeCases, seenOf, wantedOf, type Case } from "./courses-matrix.ts";
import * as forge from "./forge-acts.ts";
import type { Round } from "./round.ts";
import { inEachSetUp, RUNS } from "./set-ups.ts";

/** For a long look as many as the page says; else enough for both to win sometimes. */
const JOBS = RUNS >= 100 ? 1_000 : 60;
const CROWD_SIZE = 10;

const listOf = <T>(count: number, make: (n: number) => T): T[] => Array.from({ length: count }, (_, n) => make(n));

inEachSetUp((setUp) => {
  const { limitMs: timeout } = setUp;

  test(`3.2 CT1 CD3 who asks, and the state, decide on a cancel; CT4 of 10, one; ${RUNS} times`, { timeout }, () =>
    setUp.run(async (round) => {
      const cases = await makeCases(round);
      const [crowded = [], single = []] = [true, false].map((is) => cases.filter(({ who }) => (who === CROWD) === is));
      await askForEach(round, single);
      await askInACrowd(round, crowded);
      for (const { state, job } of cases) if (state === "running") await round.mill.cancel(job.id);
    }),
  );

  const runs = RUNS >= 100 ? RUNS : Math.ceil(RUNS / 2);
  test(`CT2 CT3 cancels and jobs of no time; CT5 keys; CT7 rollbacks; CD6 progress; ${runs} times`, { timeout }, () =>
    setUp.run(
      async (round) => {
        await raceCancels(round);
        await enqueueUnderKeys(round);
        await followProgress(round);
        if (round.servers.length === 0) await rollBackHalf(round);
      },
      { runs },
    ),
  );
});

/** CT1: all ask at the same time, each for the end of a job of its own; within 5 s all is over. */
async function askForEach(round: Round, cases: readonly Case[]): Promise<void> {
  const inputs = await Promise.all(
    cases.map(async ({ who, job }) => ({ id: job.id, by: who, key: await keyOf(who, round) })),
  );
  const someone = await keyOf(round.servers.length === 0 ? "program" : "owner", round);
  const startMs = performance.now();
  const missing = { id: "job_00000000000000000000000000", by: "someone", key: someone };
  const answers = await round.all(acts, "askToCancel", [...inputs, missing]);
  const seen = await Promise.all(
    cases.map((each, at) => seenOf(round, each, answers[at] ?? { status: 0, text: "no answer" })),
  );
  expect(performance.now() - startMs).toBeLessThan(5_000);
  expect(seen).toEqual(cases.map(wantedOf));
  expect(answers.at(-1)?.status).toBe(404);
}

/** CT4: each job is asked for by ten. All are told yes, and the same; one of them is kept, and told of once. */
async function askInACrowd(round: Round, all: readonly Case[]): Promise<void> {
  const { mill } = round;
  const cases = all.filter(({ state }) => state === "queued" || state === "running");
  const events = mill.events();
  let hasBegun = false;
  const probed = events.next().then(() => (hasBegun = true));
  await until("events are told", async () => {
    await mill.enqueue("probe", null, { queue: "waiting" });
    return hasBegun;
  });
  await probed;
  const asked = cases.flatMap(({ job }) => listOf(CROWD_SIZE, (n) => ({ id: job.id, by: `caller ${n}` })));
  const answers = await round.all(acts, "askToCancel", asked);
  const ended = await Promise.all(cases.map(({ job }) => mill.wait(job.id)));
  for (const [at, { status, text }] of answers.entries()) {
    expect(status).toBe(200);
    expect((JSON.parse(text) as Job).cancelledBy).toBe(ended[Math.floor(at / CROWD_SIZE)]?.cancelledBy);
  }
  const { id: last } = await mill.enqueue("last");
  const told: string[] = [];
  for await (const { job, type } of events) {
    if (job === last) break;
    if (cases.some((each) => each.job.id === job)) told.push(`${job} ${type}`);
  }
  const wanted = cases.flatMap(({ state, job }) => [
    ...(state === "running" ? [`${job.id} cancel_requested`] : []),
    `${job.id} cancelled`,
  ]);
  expect(told.toSorted()).toEqual(wanted.toSorted());
}

/** CT2, CT3: four workers run what four others cancel. Each job has one end, that which was answered, and its times are right. */
async function raceCancels(round: Round): Promise<void> {
  const { mill } = round;
  const jobs = await mill.enqueueMany(listOf(JOBS, () => ({ kind: "instant" })));
  const racers = listOf(8, (n): acts.Racer => {
    if (n < 4) return { role: "worker" };
    return { role: "canceller", ids: jobs.filter((_, at) => at % 4 === n - 4).map(({ id }) => id) };
  });
  const answers = new Map((await round.all(acts, "race", racers)).flat());
  const ended = await Promise.all(jobs.map(({ id }) => mill.wait(id)));
  for (const { id, state, createdAt, startedAt, finishedAt } of ended) {
    expect([answers.get(id), state]).toEqual(state === "completed" ? [409, "completed"] : [200, "cancelled"]);
    const times = [createdAt, startedAt ?? createdAt, finishedAt].map(Number);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  }
  // Some of either kind, or it was no race.
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["completed", "cancelled"]));
}

/** CT5: one key makes one job, however often; of two payloads under it, one wins. */
async function enqueueUnderKeys(round: Round): Promise<void> {
  const { mill } = round;
  const same = await round.all(
    acts,
    "enqueueUnderKey",
    listOf(100, () => 1),
  );
  const first = same[0] ?? "";
  expect(same).toEqual(listOf(100, () => first));
  await mill.cancel(first);

  const different = await round.all(
    acts,
    "enqueueUnderKey",
    listOf(100, (n) => n % 2),
  );
  const winner = different.find((answer) => answer !== "duplicate_job") ?? "";
  const { payload } = (await mill.get(winner)) ?? {};
  const won = (payload as { readonly payload: number }).payload;
  expect(different).toEqual(listOf(100, (n) => (n % 2 === won ? winner : "duplicate_job")));
  const { jobs } = await mill.list({ kind: "course.build" });
  expect(jobs.map(({ id }) => id).toSorted()).toEqual([first, winner].toSorted());
}

/** CD6: what a job says of itself is seen from everywhere while it runs, value by value. */
async function followProgress(round: Round): Promise<void> {
  const { mill } = round;
  const percents = [10, 70];
  const gates = percents.map(() => new Gate());
  const worker = mill.worker({ queues: ["slow"] }).handle("slow", async (_, ctx) => {
    for (const [at, percent] of percents.entries()) {
      ctx.progress(percent, `step ${at}`);
      await gates[at]?.pass();
    }
  });
  await worker.start();
  const { id } = await mill.enqueue("slow", null, { queue: "slow" });
  for (const [at, percent] of percents.entries()) {
    const seen = await round.all(
      acts,
      "seeProgress",
      listOf(4, () => ({ id, percent })),
    );
    expect(seen).toEqual(listOf(4, () => ({ percent, message: `step ${at}` })));
    gates[at]?.open();
  }
  expect(await mill.wait(id)).toMatchObject({ state: "completed" });
}

/** CT7: 50 transactions, each with a row and a job, of which every second is rolled back: 25 jobs, 1 to 25. */
async function rollBackHalf(round: Round): Promise<void> {
  await (await forge.openForgeAt(round.store)).close();
  await round.all(
    forge,
    "getReady",
    listOf(4, () => undefined),
  );
  const transactions = listOf(50, (n): readonly NewItem[] => [
    { repository: "a", kind: "pull", title: "one", fails: n % 2 === 1 },
  ]);
  await round.all(forge, "createAll", transactions);
  const { jobs } = await round.mill.list({ queue: "checks" }, { limit: 100 });
  expect(jobs.map(({ number }) => number ?? 0).toSorted((a, b) => a - b)).toEqual(listOf(25, (n) => n + 1));
}
