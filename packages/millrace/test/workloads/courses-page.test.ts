import { onTestFinished, expect, test } from "vitest";
import { openSchool, type School } from "../../../../examples/courses/open-school.ts";
import { order } from "../../../../examples/courses/story.ts";
import { StreamReader } from "../http/read-stream.ts";

async function open(): Promise<School> {
  const school = await openSchool();
  onTestFinished(() => school.end());
  return school;
}

/** Come in by a door, and keep the cookie, as a browser does. */
async function comeIn({ url }: School, name: string): Promise<(path: string, body?: object) => Promise<Response>> {
  const door = await fetch(`${url}/as/${name}`, { redirect: "manual" });
  expect([door.status, door.headers.get("location")]).toEqual([303, "/"]);
  const said = door.headers.get("set-cookie") ?? "";
  expect(said).toMatch(/; HttpOnly; SameSite=Strict$/);
  const Cookie = said.split(";")[0] ?? "";
  return (path, body) => {
    const headers = { Cookie, ...(body !== undefined && { "Content-Type": "application/json" }) };
    return fetch(
      `${url}${path}`,
      body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) },
    );
  };
}

test("the page is there for everybody, and nothing else without a cookie; no door lets pipelines in", async () => {
  const { url } = await open();
  const page = await fetch(url);
  expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(await page.text()).toContain('new EventSource("/v1/events")');
  expect((await fetch(`${url}/v1/jobs`)).status).toBe(401);
  expect((await fetch(`${url}/v1/jobs`, { headers: { Cookie: "who=pipeline-north" } })).status).toBe(401);
  expect((await fetch(`${url}/as/pipeline-north`, { redirect: "manual" })).status).toBe(404);
});

test("C2 C7 what the page asks for: who I am, my courses, their progress live, and to cancel them", async () => {
  const school = await open();
  const north = school.mill.forOrg("north");
  await school.work();
  const [ines, omar, vera, sam] = await Promise.all(
    ["ines", "omar", "vera", "sam"].map((name) => comeIn(school, name)),
  );
  if (!ines || !omar || !vera || !sam) throw new Error("four came in");
  expect(await (await ines("/v1/me")).json()).toMatchObject({ name: "ines", role: "member", org: "north" });

  const live = new StreamReader(await ines("/v1/events"));
  const elsewhere = new StreamReader(await sam("/v1/events"));
  // Her own alone: this one she is not told of.
  await order(school, "omar", { title: "Somebody else's", documents: ["bread.md"], thinkMs: 60_000 });
  const asked = {
    kind: "course.build",
    queue: "courses",
    payload: { title: "Mine", documents: ["bread.md"], thinkMs: 60_000 },
  };
  const course = await ines("/v1/jobs", asked);
  const { id } = (await course.json()) as { id: string };
  const told = [];
  for (let event = await live.next(); event !== undefined; event = await live.next()) {
    expect(event.data["createdBy"]).toBe("ines");
    told.push(event.data["type"]);
    if (event.data["kind"] === "document.read" && event.data["type"] === "progress") break;
  }
  expect(told.slice(0, 2)).toEqual(["enqueued", "started"]);

  const cancel = `/v1/jobs/${id}/cancel`;
  const statuses = [];
  for (const who of [omar, vera, sam, ines]) statuses.push((await who(cancel, { reason: "on the page" })).status);
  expect(statuses).toEqual([403, 403, 404, 200]);
  expect(await north.wait(id)).toMatchObject({ state: "cancelled", cancelledBy: "ines", cancelReason: "on the page" });
  // Its step ends with it.
  const { jobs: steps } = await north.list({ group: id });
  expect(await Promise.all(steps.map((step) => north.wait(step.id)))).toMatchObject([{ state: "cancelled" }]);

  await order(school, "sam", { title: "Of the other school" });
  expect((await elsewhere.next())?.data).toMatchObject({ type: "enqueued", createdBy: "sam" });
  await live.cut();
  await elsewhere.cut();
});
