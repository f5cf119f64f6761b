import assert from "node:assert/strict";
import type { JobId } from "../../core/job.ts";
import { MAX_LOG_LINE_LENGTH, MAX_LOG_LINES, type LogLine } from "../../core/log-line.ts";
import type { Report, Store } from "../../core/store.ts";
import { claimOne, claimSome, enqueueAll, enqueueOne, moves, read, refOf, requests, settleOne } from "../factory.ts";
import { casesOf } from "../harness.ts";

type Line = Report["lines"][number];

export const logCases = casesOf("logs", [
  {
    name: "lines are numbered 1 to n over reports and attempts, each with its stream, time and attempt",
    guarantees: [],
    async run({ store, clock }) {
      const { id } = await enqueueOne(store);
      const first = await claimOne(store);
      const firstAt = clock.date();
      const lines: Line[] = [
        { stream: "log", text: "begin" },
        { stream: "stderr", text: "" },
      ];
      assert.deepEqual(await store.report([{ ...refOf(first), progress: null, lines }]), ["kept"]);
      await settleOne(store, first, moves.retry(10));
      clock.advance(10);
      await store.promote(10);
      const second = await claimOne(store);
      for (const text of ["ünï 😀", "two\nlines"]) {
        await store.report([{ ...refOf(second), progress: null, lines: [{ stream: "stdout", text }] }]);
      }
      const secondAt = clock.date();
      assert.deepEqual(await store.logs(id, { after: 0, limit: 100 }), [
        { sequence: 1, at: firstAt, stream: "log", attempt: 1, text: "begin" },
        { sequence: 2, at: firstAt, stream: "stderr", attempt: 1, text: "" },
        { sequence: 3, at: secondAt, stream: "stdout", attempt: 2, text: "ünï 😀" },
        { sequence: 4, at: secondAt, stream: "stdout", attempt: 2, text: "two\nlines" },
      ]);
    },
  },
  {
    name: "pages of any size join to the whole log, and it outlives the attempt",
    guarantees: [],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const texts = Array.from({ length: 250 }, (_, n) => `line ${n + 1}`);
      for (let from = 0; from < texts.length; from += 33) {
        const lines = texts.slice(from, from + 33).map((text) => ({ stream: "log" as const, text }));
        await store.report([{ ...refOf(claim), progress: null, lines }]);
      }
      await settleOne(store, claim, moves.complete());
      for (const limit of [1_000, 100, 7]) {
        const lines = await wholeLog(store, id, limit);
        assert.deepEqual(
          lines.map(({ sequence, text }) => [sequence, text]),
          texts.map((text, n) => [n + 1, text]),
        );
      }
    },
  },
  {
    name: "a long line is cut, and a log that never ends is bounded and says so",
    guarantees: ["G10"],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const claim = await claimOne(store);
      const long = "x".repeat(MAX_LOG_LINE_LENGTH * 3);
      const block: Line[] = Array.from({ length: 1_000 }, () => ({ stream: "stdout", text: "again" }));
      const send = async (lines: readonly Line[]) => {
        assert.deepEqual(await store.report([{ ...refOf(claim), progress: null, lines }]), ["kept"]);
      };
      await send([{ stream: "log", text: long }]);
      for (let sent = 0; sent < MAX_LOG_LINES + 2_000; sent += block.length) await send(block);
      const lines = await wholeLog(store, id, 1_000);
      assert.ok(
        (lines[0]?.text.length ?? Number.POSITIVE_INFINITY) <= MAX_LOG_LINE_LENGTH + 1,
        "cut, with room for a mark",
      );
      assert.ok(lines[0]?.text.startsWith("xxx"));
      assert.ok(lines.length >= MAX_LOG_LINES && lines.length <= MAX_LOG_LINES + 1, `${lines.length} lines were kept`);
      assert.deepEqual(
        lines.map(({ sequence }) => sequence),
        lines.map((_, n) => n + 1),
      );
      assert.notEqual(lines.at(-1)?.text, "again", "the last line says that there were more");
      assert.equal(lines.filter(({ text }) => text !== "again").length, 2, "and it is said once");
    },
  },
  {
    name: "progress is the latest that was reported, and a report without it leaves it",
    guarantees: [],
    async run({ store }) {
      const { id } = await enqueueOne(store);
      const ref = refOf(await claimOne(store));
      const latest = { percent: 62.5, message: "pass 2" };
      await store.report([
        { ...ref, progress: { percent: 10, message: null }, lines: [] },
        { ...ref, progress: latest, lines: [] },
      ]);
      await store.report([{ ...ref, progress: null, lines: [{ stream: "log", text: "still there" }] }]);
      assert.deepEqual((await read(store, id)).progress, latest);
    },
  },
  {
    name: "each report is guarded on its own and answered in order",
    guarantees: ["G2"],
    async run({ store }) {
      await enqueueAll(store, requests(3));
      const [a, b, c] = await claimSome(store, 3);
      assert.ok(a && b && c);
      await settleOne(store, b, moves.complete());
      const said = (ref: ReturnType<typeof refOf>): Report => ({
        ...ref,
        progress: { percent: 50, message: null },
        lines: [{ stream: "log", text: "said" }],
      });
      const wrongToken = { job: c.job.id, token: c.lease.token + 1 };
      const reports = [said(refOf(a)), said(refOf(b)), said(wrongToken), said(refOf(c))];
      assert.deepEqual(await store.report(reports), ["kept", "lost", "lost", "kept"]);
      const counts = await Promise.all(
        [a, b, c].map(async ({ job }) => (await store.logs(job.id, { after: 0, limit: 10 })).length),
      );
      assert.deepEqual(counts, [1, 0, 1]);
      assert.deepEqual(await store.report([]), []);
    },
  },
]);

async function wholeLog(store: Store, id: JobId, limit: number): Promise<readonly LogLine[]> {
  const all: LogLine[] = [];
  for (;;) {
    const page = await store.logs(id, { after: all.at(-1)?.sequence ?? 0, limit });
    assert.ok(page.length <= limit, "a page is no longer than asked for");
    if (page.length === 0) return all;
    all.push(...page);
  }
}
