import process from "node:process";
import { openBench } from "../../http/bench.ts";
import { ROUTES, type Route } from "../../http/route-table.ts";
import { aTown, statusesOf } from "../../http/town.ts";

/**
 * Asks a route as everybody, on a server whose sources may be edited, and prints what was answered otherwise than the
 * table of routes has it.
 */
export interface RouteAnswers {
  /** How many requests were made. */
  readonly asked: number;
  readonly wrong: readonly WrongAnswer[];
}

export interface WrongAnswer {
  readonly who: string;
  /** Whose job was asked for, where it was one. */
  readonly whose: string;
  readonly status: number;
  readonly right: number;
  /** Microseconds from the first request. */
  readonly from: number;
  readonly until: number;
}

/** The jobs that a route to one is asked for, as `statusesOf` has them. */
const WHOSE = ["its own", "somebody else's", "another organisation's"];
const STRANGERS_WHOSE = ["another organisation's", "another organisation's", "its own"];

interface Ask {
  readonly who: string;
  readonly status: number;
  readonly from: number;
  readonly until: number;
}

const wanted = process.argv[2] ?? "";
process.stdout.write(`${JSON.stringify(await answersOn(ROUTES.filter(({ route }) => route === wanted)))}\n`);

async function answersOn(routes: readonly Route[]): Promise<RouteAnswers> {
  if (routes.length === 0) throw new Error(`there is no route ${wanted}`);
  let all: RouteAnswers = { asked: 0, wrong: [] };
  for (const route of routes) {
    const { asked, wrong } = await answersOf(route);
    all = { asked: all.asked + asked, wrong: [...all.wrong, ...wrong] };
  }
  return all;
}

async function answersOf(route: Route): Promise<RouteAnswers> {
  const town = await aTown(undefined, openBench);
  const whoBy = new Map(Object.entries(town.keys).map(([who, key]) => [key === null ? null : `Bearer ${key}`, who]));
  const asks: Ask[] = [];
  const begin = performance.now();
  const now = (): number => Math.round((performance.now() - begin) * 1_000);
  const fetch = async (request: Request): Promise<Response> => {
    const from = now();
    const response = await town.fetch(request);
    const who = whoBy.get(request.headers.get("Authorization")) ?? "somebody";
    asks.push({ who, status: response.status, from, until: now() });
    return response;
  };
  try {
    // What was told to whom it should not be is told by the status already.
    await statusesOf({ ...town, fetch }, route).catch(() => undefined);
  } finally {
    await town.end();
  }
  const expectations: Readonly<Record<string, number | readonly number[]>> = route.expected;
  const wrong = Object.entries(expectations).flatMap(([who, expected]) => {
    const right = typeof expected === "number" ? [expected] : expected;
    const own = asks.filter((ask) => ask.who === who);
    return right.flatMap((status, i): readonly WrongAnswer[] => {
      const ask = own[i];
      if (ask === undefined || ask.status === status) return [];
      const whose = right.length === 1 ? "" : ((who === "stranger" ? STRANGERS_WHOSE : WHOSE)[i] ?? "");
      return [{ who, whose, status: ask.status, right: status, from: ask.from, until: ask.until }];
    });
  });
  return { asked: asks.length, wrong };
}
