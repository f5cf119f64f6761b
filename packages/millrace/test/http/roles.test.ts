import { describe, expect, it } from "vitest";
import { aServer } from "./bench.ts";
import { ROUTES } from "./route-table.ts";
import { aJob, answerTo, aTown, pathOf, statusesOf } from "./town.ts";

describe("every role", () => {
  it("is in the table for every route", async () => {
    const { ask } = await aServer();
    const document = (await ask("GET", "/openapi.json")).body as { paths: Record<string, object> };
    const paths = Object.entries(document.paths);
    const routes = paths.flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect([...new Set(ROUTES.map(({ route }) => route))].toSorted()).toEqual(routes.toSorted());
  });

  it.each(ROUTES)("on $route", async (route) => {
    expect(await statusesOf(await aTown(), route)).toEqual(route.expected);
  });

  it("is told of another organisation's job no more than of one that is nowhere", async () => {
    const server = await aTown();
    const nowhere = "job_01k0c9m2w8x7q5v3r1t4y6p8n0";
    for (const state of ["queued", "cancelled"] as const) {
      const { id = "" } = await aJob(server, "other", "owner", state);
      for (const route of ROUTES.filter(({ route: name, job }) => job !== undefined && name.includes("{id}"))) {
        const said = async (job: string): Promise<string> => {
          const response = await answerTo(server, route, pathOf(route, { id: job, name: "some" }), server.keys.owner);
          const { requestId, ...rest } = (await response.json()) as { requestId: string };
          expect(requestId).toBeTruthy();
          return JSON.stringify(rest).replaceAll(job, "job");
        };
        expect(await said(id)).toBe(await said(nowhere));
      }
    }
  });
});
