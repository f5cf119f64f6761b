import { describe, expect, it } from "vitest";
import type { JobBody } from "../../src/http/api/jobs.ts";
import { openHttp } from "../../src/stores/http/index.ts";
import type { Store } from "../../src/core/store.ts";
import { aRequest, aWorker, moves, refOf } from "../../src/testing/factory.ts";
import { aServer, API_KEY, jwtFor, type Bench } from "./bench.ts";
import { onEveryStore } from "./every-store.ts";

const ID = "job_01k0c9m2w8x7q5v3r1t4y6p8n0";

interface Lossy {
  readonly store: Store;
  readonly lostCount: () => number;
}

/** A store on a server whose first answer to each sort of request gets lost, or is one of a proxy. */
async function lossy(bench: Bench, sort: RegExp, lose: () => Response): Promise<Lossy> {
  let lost = 0;
  const fetch = async (request: Request): Promise<Response> => {
    const name = `${request.method} ${new URL(request.url).pathname}`;
    const answer = await bench.fetch(request);
    if (!sort.test(name) || lost % 2 === 1) {
      if (sort.test(name)) lost += 1;
      return answer;
    }
    lost += 1;
    return lose();
  };
  const store = await openHttp({ url: "http://server", key: API_KEY, fetch });
  return { store, lostCount: () => lost };
}

const WAYS: readonly (readonly [string, () => Response])[] = [
  [
    "cut",
    () => {
      throw new TypeError("fetch failed");
    },
  ],
  ["answered 502 by a proxy", () => new Response("<h1>bad gateway</h1>", { status: 502 })],
  ["answered 504 by a proxy", () => new Response("", { status: 504 })],
];

onEveryStore("a request whose answer is lost", (open) => {
  it.each(WAYS)("and %s makes no second job", async (_, lose) => {
    const bench = await open();
    const { store, lostCount } = await lossy(bench, /^POST \/v1\/jobs\/batch/, lose);
    const sent = [aRequest(), aRequest(), aRequest()];
    const results = await store.enqueue(sent);
    expect(results.map((result) => ("job" in result ? result.job?.id : null))).toEqual(sent.map(({ id }) => id));
    await store.enqueue([aRequest({ key: "one" })], { isAllOrNone: true });
    expect(lostCount()).toBe(4);
    expect(await bench.mill.counts()).toMatchObject({ queued: 4 });
    await store.close();
  });

  it("is refused when its job may have run and been deleted since", async () => {
    const bench = await open();
    await bench.mill.queue("brief").configure({ retention: { cancelledMs: 0 } });
    let answer: Response | undefined;
    const fetch = async (request: Request): Promise<Response> => {
      if (request.method !== "POST") return bench.fetch(request);
      answer = await bench.fetch(request);
      if (answer.status !== 201) return answer;
      const { jobs } = (await answer.json()) as { jobs: readonly { id: string }[] };
      await Promise.all(jobs.map(({ id }) => bench.mill.cancel(id)));
      await bench.mill.prune();
      throw new TypeError("fetch failed");
    };
    const store = await openHttp({ url: "http://server", key: API_KEY, fetch });
    const asked = store.enqueue([aRequest({ queue: "brief" })]);
    await expect(asked).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringMatching(/"brief" keeps .* for 0 ms only/) as string,
    });
    expect(answer?.status).toBe(409);
    expect((await bench.mill.list()).jobs).toEqual([]);
    await store.close();
  });

  it("claims: the jobs that were on their way come again, and no others", async () => {
    const bench = await open();
    const { store, lostCount } = await lossy(bench, /claim$/, WAYS[0]?.[1] as never);
    const jobs = await bench.mill.enqueueMany(Array.from({ length: 4 }, () => ({ kind: "k" })));
    await store.registerWorker(aWorker({ concurrency: 4 }));
    const request = {
      org: "default",
      worker: "worker-1",
      queues: { order: "turns" },
      labels: new Set<string>(),
    } as const;
    const first = await store.claim({ ...request, max: 3, leaseMs: 30_000 });
    const second = await store.claim({ ...request, max: 3, leaseMs: 30_000 });
    expect([first.length, second.length, lostCount()]).toEqual([3, 1, 4]);
    expect([...first, ...second].map(({ job }) => job.id)).toEqual(jobs.map(({ id }) => id));
    const settled = await store.settle(
      [...first, ...second].map((claim) => ({ ...refOf(claim), move: moves.complete() })),
    );
    expect(settled).toEqual(jobs.map(() => "settled"));
    const ended = await Promise.all(jobs.map(({ id }) => bench.mill.get(id)));
    expect(ended.map((job) => job?.attempt)).toEqual([1, 1, 1, 1]);
    await store.close();
  });

  it("settles, enqueues children and retries once", async () => {
    const bench = await open();
    const { store, lostCount } = await lossy(bench, /settle|\/v1\/workers\/[^/]+\/jobs|retry/, WAYS[0]?.[1] as never);
    await bench.mill.enqueue("k");
    await store.registerWorker(aWorker());
    const request = {
      org: "default",
      worker: "worker-1",
      queues: { order: "turns" },
      labels: new Set<string>(),
    } as const;
    const [claim] = await store.claim({ ...request, max: 1, leaseMs: 30_000 });
    if (claim === undefined) throw new Error("there was no job to claim");
    const under = refOf(claim);
    expect(await store.enqueue([aRequest({ kind: "child" })], { under })).toMatchObject([{ job: { kind: "child" } }]);
    expect(await store.settle([{ ...under, move: moves.complete(7) }])).toEqual(["settled"]);
    expect(await store.enqueue([aRequest({ kind: "late" })], { under })).toEqual([{ status: "lost" }]);
    expect(await store.enqueue([aRequest({ retryOf: claim.job.id })])).toMatchObject([{ job: { kind: "k" } }]);
    expect(lostCount()).toBe(8);
    expect(await bench.mill.counts()).toMatchObject({ completed: 1, queued: 2 });
    await store.close();
  });
});

describe("a job that brings its id", () => {
  async function send(bench: Bench, body: object, key?: string): Promise<[number, JobBody & { detail?: string }]> {
    const { status, body: said } = await bench.ask("POST", "/v1/jobs", body, key);
    return [status, said as JobBody];
  }

  it("is made once, and is the answer when it is sent again", async () => {
    const bench = await aServer();
    const asked = { id: ID, kind: "k", payload: { b: 1, a: [2] }, queue: "q" };
    expect(await send(bench, asked)).toMatchObject([201, { id: ID, number: 1 }]);
    expect(await send(bench, asked)).toMatchObject([200, { id: ID, number: 1 }]);
    const batch = await bench.ask("POST", "/v1/jobs/batch", { jobs: [asked, { kind: "k" }] });
    expect(batch).toMatchObject({ status: 201, body: { statuses: ["existing", "created"] } });
    await bench.mill.cancel(ID);
    const retry = { id: "job_01k0c9m2w8x7q5v3r1t4y6p8n1" };
    expect((await bench.ask("POST", `/v1/jobs/${ID}/retry`, retry)).status).toBe(201);
    expect((await bench.ask("POST", `/v1/jobs/${ID}/retry`, retry)).status).toBe(200);
    expect(await bench.mill.counts()).toMatchObject({ queued: 2, cancelled: 1 });
  });

  it("is refused under the id of anything else, which is not told of", async () => {
    const bench = await aServer();
    const stranger = await jwtFor("api-key", "owner", "other");
    const asked = { id: ID, kind: "k", payload: "only for us" };
    await send(bench, asked);
    const member = await jwtFor("ann", "member");
    const others: readonly (readonly [object, string | undefined])[] = [
      [{ ...asked, payload: 2 }, undefined],
      [{ ...asked, kind: "other" }, undefined],
      [{ ...asked, queue: "other" }, undefined],
      [asked, member],
      [asked, stranger],
    ];
    const answers = [];
    for (const [body, key] of others) {
      const [status, said] = await send(bench, body, key);
      answers.push([status, said.detail]);
      const batch = await bench.ask("POST", "/v1/jobs/batch", { jobs: [{ kind: "new" }, body] }, key);
      answers.push([batch.status, (batch.body as { detail: string }).detail]);
      expect(JSON.stringify([said, batch.body])).not.toContain("only for us");
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toEqual([409, `the id "${ID}" cannot be used; make another, or leave it out`]);
    // None of those that came with it has been written.
    expect(await bench.mill.counts()).toMatchObject({ queued: 1 });
    expect((await send(bench, { ...asked, id: "job_1" }))[0]).toBe(400);
  });
});
