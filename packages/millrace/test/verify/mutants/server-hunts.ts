import type { SourceEdit } from "./edited-sources.ts";
import type { ClassicBug, Finding, Hunt } from "./classic-bug.ts";
import type { RouteAnswers, WrongAnswer } from "./route-hunt-program.ts";
import { runEdited } from "./run-edited.ts";

/** A bug in who may do what, and the route on which it shows. */
export function routeBug(bug: string, route: string, edits: readonly SourceEdit[]): ClassicBug {
  return { bug, guarantee: "G8", hunts: [huntOnRoute(route, edits)] };
}

/** Ask the route as everybody, for jobs of everybody, and hold the answers against the table of routes. */
export function huntOnRoute(route: string, edits: readonly SourceEdit[]): Hunt {
  return {
    place: "server",
    async run({ seed }): Promise<Finding | null> {
      const { asked, wrong } = JSON.parse(await runEdited("route-hunt-program.ts", [route], edits)) as RouteAnswers;
      if (wrong.length === 0) return null;
      const violation = {
        guarantee: "G8",
        message: `${route} was answered to those it should have been refused, or told them what is there`,
        rows: [],
        story: wrong.map((each) => ({ from: each.from, until: each.until, process: each.who, said: saidOf(each) })),
      };
      return { guarantee: "G8", foundBy: "table of routes", operations: asked, violation, seed };
    },
  };
}

function saidOf({ whose, status, right }: WrongAnswer): string {
  return `asked for ${whose === "" ? "it" : `${whose} job`}: ${status}, and ${right} is right`;
}
