import { describe, expect, it } from "vitest";
import type { JobBody } from "../../src/http/api/jobs.ts";
import { aServer, jwtFor, type Answer } from "./bench.ts";

const jobIn = ({ body }: Answer): JobBody => body as JobBody;

describe("POST /v1/jobs", () => {
  it("enqueues, and answers the job with its number", async () => {
    const { ask, mill } = await aServer();
    const answer = await ask("POST", "/v1/jobs", { kind: "mail.send", payload: { to: "x" }, priority: 5 });
    const job = jobIn(answer);
    expect(answer.status).toBe(201);
    expect(job).toMatchObject({ kind: "mail.send", payload: { to: "x" }, number: 1, state: "queued", priority: 5 });
    expect(job.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(await mill.get(job.id)).toMatchObject({ number: 1, createdBy: "api-key" });
  });

  it("answers 200 with the live job that has the key", async () => {
    const { ask } = await aServer();
    const first = await ask("POST", "/v1/jobs", { kind: "k", key: "one" });
    const second = await ask("POST", "/v1/jobs", { kind: "k", key: "one" });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(jobIn(second).id).toBe(jobIn(first).id);
  });

  it("says all that is wrong with a request, and where", async () => {
    const { ask } = await aServer();
    const { status, headers, body } = await ask("POST", "/v1/jobs", { kind: "", maxAttempts: 0, nonsense: 1 });
    expect(status).toBe(400);
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ code: "request_invalid", status: 400, requestId: headers.get("x-request-id") });
    expect(body).toHaveProperty("details.problems", [
      expect.stringContaining("kind:"),
      expect.stringContaining("maxAttempts:"),
      expect.stringContaining("nonsense"),
    ]);
  });
});

describe("a job of somebody else", () => {
  it("is not there for another organisation, and forbidden for another member", async () => {
    const { ask } = await aServer();
    const [ann, bob, eve] = await Promise.all([
      jwtFor("ann", "member"),
      jwtFor("bob", "member"),
      jwtFor("eve", "owner", "other"),
    ]);
    const job = jobIn(await ask("POST", "/v1/jobs", { kind: "k" }, ann));
    expect((await ask("GET", `/v1/jobs/${job.id}`, undefined, ann)).status).toBe(200);
    expect(await ask("GET", `/v1/jobs/${job.id}`, undefined, bob)).toMatchObject({
      status: 403,
      body: { code: "forbidden" },
    });
    expect(await ask("POST", `/v1/jobs/${job.id}/cancel`, {}, eve)).toMatchObject({
      status: 404,
      body: { code: "job_not_found" },
    });
    expect((await ask("GET", "/v1/jobs", undefined, bob)).body).toMatchObject({ jobs: [] });
  });
});
