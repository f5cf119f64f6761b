import assert from "node:assert/strict";
import type { ScheduleFiring, Store, StoredSchedule } from "../../core/store.ts";
import { aRequest, claimSome, nextJobId, ORG } from "../factory.ts";
import { casesOf } from "../harness.ts";
import type { VirtualClock } from "../virtual-clock.ts";

const EVERY_MS = 60_000;

export const scheduleCases = casesOf("schedule", [
  {
    name: "a schedule is kept as it was put, replaced by its name, and removed once",
    guarantees: [],
    async run({ store, clock }) {
      const schedule = aSchedule("nightly", clock);
      await store.putSchedule(schedule);
      const { name, cron, timeZone, kind, payload, nextAt } = schedule;
      const stored = { name, cron, timeZone, kind, payload, nextAt, lastAt: null };
      assert.deepEqual(await store.schedules(ORG), [stored]);
      assert.deepEqual(await store.schedules("umbrella"), []);
      await store.putSchedule({ ...schedule, cron: "5 4 * * *", timeZone: "Europe/Berlin" });
      assert.deepEqual(await store.schedules(ORG), [{ ...stored, cron: "5 4 * * *", timeZone: "Europe/Berlin" }]);
      assert.equal(await store.removeSchedule("umbrella", name), false);
      assert.equal(await store.removeSchedule(ORG, name), true);
      assert.equal(await store.removeSchedule(ORG, name), false);
      assert.deepEqual(await store.schedules(ORG), []);
    },
  },
  {
    name: "a schedule fires when it is due, and not before",
    guarantees: ["G12"],
    async run({ store, clock }) {
      const schedule = aSchedule("nightly", clock);
      await store.putSchedule(schedule);
      clock.advance(EVERY_MS - 1);
      const early = await store.fireSchedules(fireAgain);
      assert.deepEqual(early, { count: 0, nextInMs: 1 });
      clock.advance(1);
      const asked: StoredSchedule[] = [];
      const due = await store.fireSchedules((stored) => {
        asked.push(stored);
        return fireAgain(stored);
      });
      assert.deepEqual(due, { count: 1, nextInMs: EVERY_MS });
      assert.deepEqual(
        asked.map(({ request, ...rest }) => [request, rest.name, rest.org, rest.nextAt]),
        [[schedule.request, "nightly", ORG, schedule.nextAt]],
      );
      assert.equal((await store.fireSchedules(fireAgain)).count, 0);
      const { jobs } = await store.list({ kind: schedule.kind }, { limit: 10, cursor: null });
      assert.deepEqual(
        jobs.map((job) => [job.state, job.payload, job.number]),
        [["queued", schedule.payload, 1]],
      );
      const [after] = await store.schedules(ORG);
      assert.deepEqual([after?.lastAt, after?.nextAt], [clock.date(), clock.date(EVERY_MS)]);
    },
  },
  {
    name: "two processes firing at once enqueue each due time exactly once",
    guarantees: ["G1", "G4"],
    needs: ["isShared"],
    async run({ store, clock, openAnother }) {
      const another = await openAnother();
      for (const name of ["a", "b", "c"]) await store.putSchedule(aSchedule(name, clock));
      for (let round = 1; round <= 5; round++) {
        clock.advance(EVERY_MS);
        const results = await Promise.all(
          [store, another, store, another].map(async (each) => each.fireSchedules(fireAgain)),
        );
        assert.equal(
          results.reduce((sum, { count }) => sum + count, 0),
          3,
        );
        assert.equal((await store.counts({})).queued, round * 3);
      }
    },
  },
  {
    name: "a schedule whose rule has no next time never fires again",
    guarantees: [],
    async run({ store, clock }) {
      await store.putSchedule(aSchedule("once", clock));
      clock.advance(EVERY_MS);
      const fired = await store.fireSchedules((schedule) => ({ ...fireAgain(schedule), nextAt: null }));
      assert.deepEqual(fired, { count: 1, nextInMs: null });
      clock.advance(EVERY_MS * 100);
      assert.equal((await store.fireSchedules(fireAgain)).count, 0);
      assert.equal((await store.schedules(ORG))[0]?.nextAt, null);
    },
  },
  {
    name: "a removed schedule does not fire, and one put again waits for its new time",
    guarantees: [],
    async run({ store, clock }) {
      await store.putSchedule(aSchedule("gone", clock));
      await store.putSchedule(aSchedule("moved", clock));
      await store.removeSchedule(ORG, "gone");
      clock.advance(EVERY_MS);
      await store.putSchedule(aSchedule("moved", clock));
      assert.equal((await store.fireSchedules(fireAgain)).count, 0);
    },
  },
  {
    name: "a firing that throws enqueues nothing and is due again",
    guarantees: ["G3"],
    async run({ store, clock }) {
      await store.putSchedule(aSchedule("nightly", clock));
      clock.advance(EVERY_MS);
      const broken = (): ScheduleFiring => {
        throw new Error("no such time zone");
      };
      await assert.rejects(store.fireSchedules(broken), /no such time zone/);
      assert.equal((await store.counts({})).queued, 0);
      assert.equal((await store.fireSchedules(fireAgain)).count, 1);
    },
  },
  {
    name: "what a schedule enqueues is a job like any other",
    guarantees: [],
    async run({ store, clock }: { readonly store: Store; readonly clock: VirtualClock }) {
      const schedule = aSchedule("keyed", clock);
      await store.putSchedule({ ...schedule, request: { ...schedule.request, key: "one-live", priority: 4 } });
      for (let round = 0; round < 3; round++) {
        clock.advance(EVERY_MS);
        await store.fireSchedules(fireAgain);
      }
      const claims = await claimSome(store, 10);
      assert.deepEqual(
        claims.map(({ job }) => [job.key, job.priority, job.number]),
        [["one-live", 4, 1]],
        "its key holds while the first one lives",
      );
    },
  },
]);

function aSchedule(name: string, clock: VirtualClock): Omit<StoredSchedule, "lastAt"> {
  const { id: _id, ...request } = aRequest({ kind: "report.build", payload: '{"all":true}' });
  const rule = { name, org: ORG, cron: "* * * * *", timeZone: "UTC" };
  return { ...rule, kind: request.kind, payload: { all: true }, nextAt: clock.date(EVERY_MS), request };
}

function fireAgain(schedule: StoredSchedule): ScheduleFiring {
  const lastAt = schedule.nextAt?.getTime() ?? 0;
  return { request: { ...schedule.request, id: nextJobId() }, nextAt: new Date(lastAt + EVERY_MS) };
}
