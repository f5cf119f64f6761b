import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Artifact } from "../../core/artifact.ts";
import { ConflictError, InputError, NotFoundError } from "../../core/errors.ts";
import { show } from "../../core/options.ts";
import { isFinal } from "../../core/states.ts";
import * as api from "../api/artifacts.ts";
import { allowedArtifacts } from "../artifacts/allowed-artifacts.ts";
import { artifactHeaders, digestOf, namesTag } from "../artifacts/artifact-headers.ts";
import { artifactNameOf } from "../artifacts/artifact-name.ts";
import { Artifacts } from "../artifacts/artifacts.ts";
import { rangeOf } from "../artifacts/byte-range.ts";
import { Transfers, wholeStream } from "../artifacts/transfers.ts";
import { problemOf, Refusal } from "../refusal.ts";
import type { Env, Service } from "../service.ts";

const ANY_TYPE = "application/octet-stream";
const TYPE =
  /^[\w.+!#$&^-]{1,100}\/[\w.+!#$&^-]{1,100}(?: *; *[\w-]{1,50}=(?:[\w.+-]{1,100}|"[\w .+/=:-]{0,100}")){0,5}$/;

/** Files that belong to jobs. */
export function artifactRoutes(app: OpenAPIHono<Env>, service: Service): void {
  const { kernel, limits, stopping, places } = service;
  const artifacts = new Artifacts(kernel, places, limits, stopping);
  const transfers = new Transfers(limits.transfers, stopping);

  app.openapi(api.listArtifacts, async (c) => {
    const { "x-millrace-token": token } = c.req.valid("header");
    const { job } = await allowedArtifacts(
      service,
      c.get("principal"),
      "read artifacts",
      c.req.valid("param").id,
      token,
    );
    return c.json({ artifacts: (await kernel.store.artifacts(job.id)).map(artifactBody) }, 200);
  });

  app.openapi(api.putArtifact, async (c) => {
    const principal = c.get("principal");
    const { "x-millrace-token": token, "x-millrace-sha256": plain, "repr-digest": digest } = c.req.valid("header");
    const { id } = c.req.valid("param");
    const { job, under } = await allowedArtifacts(service, principal, "write artifacts", id, token);
    if (under === null && isFinal(job.state)) {
      throw new ConflictError("state_conflict", `the job is ${job.state}; what has ended gets no artifacts`, {
        job: job.id,
        state: job.state,
      });
    }
    const said = {
      job: job.id,
      name: artifactNameOf(c.req.url),
      contentType: contentTypeOf(c),
      createdBy: principal.name,
      size: sizeOf(c.req.header("content-length")),
      sha256: sameDigest(plain?.toLowerCase(), digestOf(digest)),
    };
    const end = transfers.begin();
    try {
      return c.json(artifactBody(await artifacts.take(said, c.req.raw.body, under)), 201);
    } finally {
      end();
    }
  });

  app.openapi(api.getArtifact, async (c) => {
    const asked = c.req.valid("header");
    const { id } = c.req.valid("param");
    const { job } = await allowedArtifacts(
      service,
      c.get("principal"),
      "read artifacts",
      id,
      asked["x-millrace-token"],
    );
    const name = artifactNameOf(c.req.url);
    const artifact = await kernel.store.artifact(job.id, name);
    if (artifact === null) throw new NotFoundError("artifact_not_found", `the job has no artifact ${show(name)}`);
    const headers = artifactHeaders(artifact);
    if (namesTag(asked["if-none-match"], artifact.sha256)) {
      const { "Content-Type": _, ...others } = headers;
      return c.body(null, 304, others);
    }
    const isMeant = asked["if-range"] === undefined || asked["if-range"].trim() === headers["ETag"];
    const range = isMeant ? rangeOf(asked.range, artifact.size) : undefined;
    if (range === "unsatisfiable") return outOfRange(c, artifact);
    const { first, last } = range ?? { first: 0, last: artifact.size - 1 };
    const size = last - first + 1;
    headers["Content-Length"] = String(size);
    if (range !== undefined) headers["Content-Range"] = `bytes ${first}-${last}/${artifact.size}`;
    const status = range === undefined ? 200 : 206;
    if (c.req.method === "HEAD") return c.body(null, status, headers);
    const end = transfers.begin();
    try {
      const bytes = await artifacts.read(artifact, { first, last });
      return c.body(wholeStream(bytes, size, end), status, headers);
    } catch (error) {
      end();
      throw error;
    }
  });
}

function artifactBody({
  name,
  size,
  sha256,
  contentType,
  createdBy,
  createdAt,
}: Omit<Artifact, "place">): api.ArtifactBody {
  return { name, size, sha256, contentType, createdBy, createdAt: createdAt.toISOString() };
}

/** @throws InputError for a part of an artifact, and for what is no type; Refusal for bytes that were packed on the way */
function contentTypeOf(c: Context): string {
  if (c.req.header("content-range") !== undefined) {
    throw new InputError("request_invalid", "an artifact is sent as a whole, without Content-Range");
  }
  const encoding = c.req.header("content-encoding");
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") {
    throw new Refusal("unsupported_media_type", "an artifact is kept as it is sent: leave Content-Encoding out");
  }
  const type = c.req.header("content-type") ?? ANY_TYPE;
  if (TYPE.test(type)) return type;
  throw new InputError("request_invalid", `Content-Type must be a media type such as video/mp4; got ${show(type)}`);
}

function sizeOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

/** @throws InputError when two were given that are not the same */
function sameDigest(one: string | undefined, other: string | undefined): string | undefined {
  if (one !== undefined && other !== undefined && one !== other) {
    throw new InputError("request_invalid", "X-Millrace-Sha256 and Repr-Digest name different bytes");
  }
  return one ?? other;
}

function outOfRange(c: Context<Env>, { size }: Artifact): Response {
  const refusal = new Refusal("range_not_satisfiable", `the artifact has ${size} bytes, and the range is behind them`);
  const headers = { "Content-Type": "application/problem+json", "Content-Range": `bytes */${size}` };
  return c.body(JSON.stringify(problemOf(refusal, c.get("requestId"))), 416, headers);
}
