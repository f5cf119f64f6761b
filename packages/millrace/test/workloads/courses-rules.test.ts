import { openMillrace, type JobState } from "millrace";
import { describe, expect, onTestFinished, test } from "vitest";
import {
  courseBuild,
  courseOutline,
  COURSES,
  documentRead,
  documentSummarise,
  lessonWrite,
  STEPS,
} from "../../../../examples/courses/kinds.ts";
import { openSchool } from "../../../../examples/courses/open-school.ts";
import { isPermanent } from "../../../../examples/courses/permanent.ts";
import { handleCourses } from "../../../../examples/courses/pipeline.ts";
import { handleSteps } from "../../../../examples/courses/steps.ts";
import { order } from "../../../../examples/courses/story.ts";
import { chunksOf, sectionsOf, summaryOf } from "../../../../examples/courses/text.ts";
import { Scene } from "../process/scene.ts";
import { onEachStore } from "../process/store-kinds.ts";
import { Gate, reasonOf, until } from "../runtime/until.ts";

onEachStore((kind) => {
  test("C4 a cancel reaches a handler in the same process within 100 ms", async () => {
    const mill = await Scene.on(kind).open();
    const gate = new Gate();
    const heardAt: number[] = [];
    const worker = mill.worker().handle("k", async (_, ctx) => {
      void gate.pass();
      await reasonOf(ctx.signal);
      heardAt.push(performance.now());
    });
    await worker.start();
    // A machine that others keep busy may be late now and then.
    let best = Number.POSITIVE_INFINITY;
    for (let n = 1; n <= 5 && best >= 100; n++) {
      const { id } = await mill.enqueue("k");
      await until("it runs", () => gate.arrived === n);
      const askedAt = performance.now();
      await mill.cancel(id);
      await mill.wait(id);
      best = Math.min(best, (heardAt.at(-1) ?? 0) - askedAt);
    }
    expect(best).toBeLessThan(100);
  });

  test("CD4 an error that speaks of being cancelled is a failure like any other", async () => {
    const mill = await Scene.on(kind).open();
    const worker = mill.worker().handle("k", () => {
      throw Object.assign(new Error("the request was cancelled"), { name: "CancelledError", code: "cancel_requested" });
    });
    await worker.start();
    const job = await mill.wait((await mill.enqueue("k", null, { maxAttempts: 1 })).id);
    expect(job).toMatchObject({ state: "failed", cancelledBy: null, error: { message: "the request was cancelled" } });
  });

  test("CD9 a job that is wrong for good runs once, is failed, and is counted as failed", async () => {
    const mill = await Scene.on(kind).open();
    let runs = 0;
    const worker = mill.worker().handle(documentRead, () => {
      runs += 1;
      throw new Error("400: bad request");
    });
    await worker.start();
    await mill.wait((await mill.enqueue(documentRead, { file: "a.md" })).id);
    expect(runs).toBe(1);
    expect(await mill.counts()).toMatchObject({ failed: 1, completed: 0, queued: 0, scheduled: 0 });
  });

  test("CD11 a worker that is stopped gives back its own jobs and nothing of another's; CD7 they keep their first start", async () => {
    const scene = Scene.on(kind);
    const mill = await scene.open();
    const other = await openMillrace(scene.url);
    onTestFinished(() => other.close());
    const gate = new Gate();
    const stays = mill.worker({ concurrency: 1 }).handle("stand", async () => gate.pass());
    const goes = other.worker({ concurrency: 1, stopGraceMs: 0, abortGraceMs: 0 });
    goes.handle("stand", async (_, ctx) => void (await Promise.all([gate.pass(), reasonOf(ctx.signal)])));
    await stays.start();
    const first = await mill.enqueue("stand");
    await until("the first runs", () => gate.arrived === 1);
    await goes.start();
    const second = await mill.enqueue("stand");
    await until("the second runs", () => gate.arrived === 2);
    await goes.stop();
    const states = async (): Promise<(JobState | undefined)[]> =>
      Promise.all([first, second].map(async ({ id }) => (await mill.get(id))?.state));
    expect(await states()).toEqual(["running", "queued"]);
    gate.open();
    const [one, two] = await Promise.all([first, second].map(({ id }) => mill.wait(id)));
    expect([one?.attempt, two?.attempt]).toEqual([1, 1]);
    expect(await mill.attempts(first.id)).toEqual([]);
    const [released] = await mill.attempts(second.id);
    expect(released?.ending).toBe("released");
    expect(two?.startedAt).toEqual(released?.startedAt);
  });
});

test("a course that another worker takes up goes on with the steps that are there", async () => {
  const school = await openSchool();
  onTestFinished(() => school.end());
  const north = school.mill.forOrg("north");
  await handleSteps(north.worker({ queues: [STEPS] })).start();
  const courseWorker = () => north.worker({ queues: [COURSES], stopGraceMs: 0, abortGraceMs: 1_000 });
  const first = handleCourses(courseWorker(), school.as("ada"));
  await first.start();
  const { id } = await order(school, "ines", { title: "Taken up", documents: ["water.md", "bread.md"], thinkMs: 100 });
  const summaries = { group: id, kind: documentSummarise.kind };
  await until("it is at its second stage", async () => (await north.list(summaries)).jobs.length === 2);
  await first.stop();
  expect(await north.get(id)).toMatchObject({ state: "queued", finishedAt: null });

  await handleCourses(courseWorker(), school.as("ada")).start();
  expect(await north.wait(id)).toMatchObject({ state: "completed", result: { lessons: 9 } });
  expect(await north.attempts(id)).toMatchObject([{ ending: "released" }]);
  const { jobs: steps } = await north.list({ group: id }, { limit: 100 });
  expect(steps).toHaveLength(2 + 2 + 1 + 9);
  expect(new Set(steps.map(({ state }) => state))).toEqual(new Set(["completed"]));
});

describe("C5 what a kind says of its limits", () => {
  test.each([courseBuild, documentRead, documentSummarise, courseOutline, lessonWrite])(
    "goes with each job: $kind",
    async (definition) => {
      const mill = await openMillrace("memory:");
      onTestFinished(() => mill.close());
      const job = await mill.enqueue(definition as typeof documentRead, sampleOf(definition.kind) as { file: string });
      const { maxAttempts = 3, timeoutMs } = definition.options;
      expect(job).toMatchObject({ queue: definition.queue, maxAttempts, timeoutMs });
    },
  );
});

function sampleOf(kind: string): object {
  const document = "job_00000000000000000000000000";
  if (kind === courseBuild.kind) return { title: "one", documents: ["a.md"] };
  if (kind === documentRead.kind) return { file: "a.md" };
  return { document, documents: [document], section: 0 };
}

describe("C6 by its text, an error", () => {
  test.each([
    "request timed out",
    "connect ECONNREFUSED 127.0.0.1:80",
    "socket hang up",
    "503 service unavailable",
    "too many requests",
    // Both are in it: what may be otherwise in a moment is tried again.
    "502: the validation server was not found",
    // And what nobody knows, too.
    "something went wrong",
  ])("is worth another try: %s", (message) => expect(isPermanent(new Error(message))).toBe(false));

  test.each(["validation failed", "401", "403 forbidden", "404: a.md was not found", "bad request", "cannot parse it"])(
    "is not: %s",
    (message) => expect(isPermanent(new Error(message))).toBe(true),
  );
});

describe("a document", () => {
  test("is cut into chunks of 512 words, which share 50", () => {
    const words = Array.from({ length: 1_100 }, (_, n) => `w${n}`);
    const chunks = chunksOf(words);
    expect(chunks.map((chunk) => [chunk[0], chunk.at(-1)])).toEqual([
      ["w0", "w511"],
      ["w462", "w973"],
      ["w924", "w1099"],
    ]);
    expect(chunksOf(words.slice(0, 512))).toHaveLength(1);
    expect(chunksOf([])).toEqual([[]]);
  });

  test("has a title and sections, or is none", () => {
    expect(sectionsOf("# T\n\nintro\n\n## A\n\none\ntwo\n\n## B\n")).toEqual({
      title: "T",
      sections: [
        { heading: "Introduction", text: "intro" },
        { heading: "A", text: "one two" },
        { heading: "B", text: "" },
      ],
    });
    expect(() => sectionsOf("no heading")).toThrow("the document is invalid: it has no title");
  });

  test("is summarised by sentences of its own, in their order", () =>
    expect(summaryOf("A wheel. No word. Stone and wheel. A stone.", ["wheel", "stone"])).toBe(
      "A wheel. Stone and wheel.",
    ));
});
