import { afterEach, describe, expect, it, vi } from "vitest";
import { ConflictError } from "../../src/core/errors.ts";
import type { Job } from "../../src/core/job.ts";
import type * as policy from "../../src/http/policy.ts";
import type { Action } from "../../src/http/policy.ts";
import type { Principal } from "../../src/http/principal.ts";
import { aServer, type Maker } from "./bench.ts";
import { ROUTES } from "./route-table.ts";
import { aTown, statusesOf } from "./town.ts";

type Policy = typeof policy;

/** A server with one classic bug in who may do what, and the route on which it is found out. */
interface Mutant {
  readonly bug: string;
  readonly convictedBy: string;
  readonly breakPolicy: (sound: Policy) => Partial<Policy>;
}

const CANCEL = "POST /v1/jobs/{id}/cancel";
const RETRY = "POST /v1/jobs/{id}/retry";

type AskForJob = (principal: Principal, action: Action, job: Job | null, name: string) => Job;

/** The policy's function as one for jobs; it is asked for nothing else. */
function rightOf(ask: AskForJob): Policy["requireRight"] {
  return ask as unknown as Policy["requireRight"];
}

const MUTANTS: readonly Mutant[] = [
  {
    bug: "does not ask to which organisation a job belongs",
    convictedBy: "GET /v1/jobs/{id}",
    breakPolicy: ({ requireRight }) => ({
      requireRight: rightOf((principal, action, job, name) =>
        requireRight(principal, action, job === null ? null : { ...job, org: principal.org }, name),
      ),
    }),
  },
  {
    bug: "says of another organisation's job that it is forbidden, and so that it is there",
    convictedBy: "GET /v1/jobs/{id}/logs",
    breakPolicy: ({ requireRight, rightTo }) => ({
      requireRight: rightOf((principal, action, job, name) => {
        if (job !== null && job.org !== principal.org) {
          rightTo({ ...principal, role: "worker" }, action);
        }
        return requireRight(principal, action, job, name);
      }),
    }),
  },
  {
    bug: "lets members act on what is somebody else's",
    convictedBy: CANCEL,
    breakPolicy: ({ requireRight }) => ({
      requireRight: rightOf((principal, action, job, name) =>
        requireRight(principal, action, job?.org === principal.org ? { ...job, createdBy: principal.name } : job, name),
      ),
    }),
  },
  {
    bug: "looks at the state before the right",
    convictedBy: RETRY,
    breakPolicy: ({ requireRight }) => ({
      requireRight: rightOf((principal, action, job, name) => {
        if (action === "retry" && job?.state === "queued")
          throw new ConflictError("state_conflict", "it has not ended");
        return requireRight(principal, action, job, name);
      }),
    }),
  },
  {
    bug: "takes whoever has a key for an owner",
    convictedBy: "POST /v1/queues/{name}/pause",
    breakPolicy: ({ rightTo }) => ({
      rightTo: (principal, action) => rightTo({ ...principal, role: "owner" }, action),
    }),
  },
  {
    bug: "takes the key of one worker for that of any",
    convictedBy: "POST /v1/workers/{id}/settle",
    breakPolicy: () => ({ requireWorker: () => undefined }),
  },
  {
    bug: "believes every worker that it holds a job",
    convictedBy: "GET /v1/jobs/{id}/artifacts",
    breakPolicy: () => ({ requireHolder: () => ({ job: "job_01k0c9m2w8x7q5v3r1t4y6p8n0", token: 1 }) }),
  },
];

/** All of it loaded anew, with what was put in place of its parts. */
async function freshMaker(): Promise<Maker> {
  const [{ createHandler }, { openMillrace }] = await Promise.all([
    import("../../src/http/index.ts"),
    import("../../src/index.ts"),
  ]);
  return { createHandler, openMillrace };
}

/** The server's own source, with another policy in it. */
async function serverWith(breakPolicy: Mutant["breakPolicy"]): Promise<Maker> {
  vi.resetModules();
  vi.doMock(import("../../src/http/policy.ts"), async (load) => {
    const sound = await load();
    return { ...sound, ...breakPolicy(sound) };
  });
  return freshMaker();
}

afterEach(() => {
  vi.doUnmock("../../src/http/policy.ts");
  vi.doUnmock("../../src/core/options.ts");
  vi.resetModules();
});

describe("G8: a server that", () => {
  it.each(MUTANTS)("$bug is found out on $convictedBy", async ({ convictedBy, breakPolicy }) => {
    const maker = await serverWith(breakPolicy);
    const routes = ROUTES.filter(({ route }) => route === convictedBy);
    const found = await Promise.all(routes.map(async (route) => statusesOf(await aTown(maker), route)));
    expect(found).not.toEqual(routes.map(({ expected }) => expected));
  });

  it("is sound passes on the same routes, also when it is loaded like the others", async () => {
    const maker = await serverWith(() => ({}));
    const names = new Set(MUTANTS.map(({ convictedBy }) => convictedBy));
    for (const route of ROUTES.filter(({ route: name }) => names.has(name))) {
      expect(await statusesOf(await aTown(maker), route)).toEqual(route.expected);
    }
  });
});

describe("G13: a server that", () => {
  const keyless = { apiKey: undefined, jwtSecret: undefined } as unknown as { readonly apiKey: string };

  it("looks for its key at the first request only is found out at the start", async () => {
    await expect(aServer(keyless)).rejects.toThrow("no key was given");
    vi.resetModules();
    vi.doMock(import("../../src/core/options.ts"), async (load) => ({
      ...(await load()),
      refuseOptions: () => undefined,
    }));
    const started = await aServer(keyless, "memory:", await freshMaker());
    expect((await started.ask("GET", "/v1/jobs")).status).toBe(401);
  });
});
