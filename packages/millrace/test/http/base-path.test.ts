import { describe, expect, it } from "vitest";
import { aServer } from "./bench.ts";

describe("basePath", () => {
  it("is where the API lies, and nowhere else", async () => {
    const { ask } = await aServer({ basePath: "/api/queue" });
    expect((await ask("POST", "/api/queue/v1/jobs", { kind: "k" })).status).toBe(201);
    expect((await ask("GET", "/api/queue/health", undefined, null)).status).toBe(200);
    const elsewhere = ["/v1/jobs", "/health", "/api/queued/v1/jobs", "/other/api/queue/v1/jobs", "/api/queue"];
    const statuses = await Promise.all(elsewhere.map(async (path) => (await ask("GET", path)).status));
    expect(statuses).toEqual(elsewhere.map(() => 404));
    // Without a key nothing is told of what is where.
    expect((await ask("GET", "/v1/jobs", undefined, null)).status).toBe(401);
  });

  it("stands in the OpenAPI document", async () => {
    const { ask } = await aServer({ basePath: "/api/queue" });
    const { body } = await ask("GET", "/api/queue/openapi.json");
    expect(body).toMatchObject({ servers: [{ url: "/api/queue" }] });
  });

  it.each(["api", "/api/", "/", "/api?x", "/a//b"])("is refused as %s", async (basePath) => {
    await expect(aServer({ basePath })).rejects.toThrow('basePath must be like "/api/queue"');
  });
});
