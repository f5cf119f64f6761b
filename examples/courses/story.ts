import { setTimeout as sleep } from "node:timers/promises";
import type { WireJob } from "millrace/client";
import { askInTurn, type Asked } from "./cancels.ts";
import { courseBuild, COURSES } from "./kinds.ts";
import type { School } from "./open-school.ts";
import type { Name } from "./people.ts";

const DOCUMENTS = ["water.md", "stones.md", "bread.md"];
/** Much longer than anybody here waits. */
const FOR_EVER_MS = 60_000;

export interface Watched {
  readonly course: WireJob;
  readonly percents: readonly number[];
}

interface Order {
  readonly title: string;
  readonly documents?: readonly string[];
  readonly thinkMs?: number;
  /** While a course of this key lives, it is what the next order with the key is answered. */
  readonly key?: string;
}

/** Ask for a course, as the page does. */
export async function order({ as }: School, who: Name, { key, ...more }: Order): Promise<WireJob> {
  const payload = { documents: DOCUMENTS, ...more };
  return as(who).enqueue(courseBuild.kind, payload, { queue: COURSES, ...(key !== undefined && { key }) });
}

/** Before any worker runs: a course can be seen and cancelled from the moment it was ordered. */
export async function cancelWaiting(school: School): Promise<readonly Asked[]> {
  const own = await order(school, "ines", { title: "Ordered by mistake" });
  const { id } = await school.mill.forOrg("north").enqueue(courseBuild, { title: "Of the week", documents: DOCUMENTS });
  return [
    ...(await askInTurn(school, { id: own.id, whose: "ines" }, [
      ["nobody", 401],
      ["sam", 404],
      ["omar", 403],
      ["vera", 403],
      ["ines", 200],
      ["ada", 200], // once more: the first who asked stands
    ])),
    ...(await askInTurn(school, { id, whose: "the system" }, [
      ["omar", 403],
      ["ada", 200],
    ])),
  ];
}

export async function cancelRunning(school: School): Promise<readonly Asked[]> {
  const omars = await orderRunning(school, "omar");
  const ineses = await orderRunning(school, "ines");
  return [
    ...(await askInTurn(school, { id: omars, whose: "omar" }, [
      ["sam", 404],
      ["ines", 403],
      ["ada", 200],
    ])),
    ...(await askInTurn(school, { id: ineses, whose: "ines" }, [["ines", 200]])),
  ];
}

/** Who may not is told so before who comes too late. */
export async function cancelEnded(school: School, { id }: WireJob): Promise<readonly Asked[]> {
  return askInTurn(school, { id, whose: "ines" }, [
    ["sam", 404],
    ["omar", 403],
    ["ines", 409],
    ["ada", 409],
  ]);
}

/** The same order many times at once, as a button does that is pressed twice. Answers the ids of the answers. */
export async function orderAtOnce(school: School, who: Name, times: number): Promise<readonly string[]> {
  const one = { title: "Pressed twice", key: "pressed-twice", thinkMs: 250 };
  const jobs = await Promise.all(Array.from({ length: times }, () => order(school, who, one)));
  return jobs.map(({ id }) => id);
}

/** Watch a course of one's own until it has ended; answers it, and the percents that were seen on the way. */
export async function watch(school: School, who: Name, id: string): Promise<Watched> {
  const percents: number[] = [];
  const course = await lookUntil(school, who, id, ({ progress, finishedAt }) => {
    const percent = progress?.percent ?? 0;
    if (percent !== percents.at(-1)) percents.push(percent);
    return finishedAt !== null;
  });
  return { course, percents };
}

/** Answers when it runs. */
async function orderRunning(school: School, who: Name): Promise<string> {
  const { id } = await order(school, who, { title: "Without an end", thinkMs: FOR_EVER_MS });
  await lookUntil(school, who, id, ({ state }) => state === "running");
  return id;
}

/** Look at a course whenever something happens to jobs of this person, until it is as it should be. */
async function lookUntil({ as }: School, who: Name, id: string, isSo: (course: WireJob) => boolean): Promise<WireJob> {
  const client = as(who);
  const stop = new AbortController();
  const events = client.events({ signal: stop.signal });
  try {
    for (let next = events.next(); ;) {
      const course = await client.get(id);
      if (course === null) throw new Error(`there is no course ${id}`);
      if (isSo(course)) return course;
      // What happened before the stream was open is seen within a second.
      const news = await Promise.race([next, sleep(1_000)]);
      if (news !== undefined) next = events.next();
    }
  } finally {
    stop.abort();
  }
}
