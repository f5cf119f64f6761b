import type { ArtifactBytes, ArtifactDetails, ArtifactDownload, ArtifactRange } from "../../core/attempt-artifacts.ts";
import { InputError } from "../../core/errors.ts";
import type { ArtifactBody } from "./artifacts.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** An artifact on the wire: as it is listed, with times as ISO 8601 text. */
export type WireArtifact = ArtifactBody;

export type { ArtifactBytes, ArtifactDownload } from "../../core/attempt-artifacts.ts";

interface ArtifactOptions extends CallOptions {
  /** For workers: the fencing token of the lease under which they hold the job. */
  readonly token?: number;
}

export interface PutArtifactOptions extends ArtifactOptions, ArtifactDetails {}

export interface GetArtifactOptions extends ArtifactOptions {
  readonly range?: ArtifactRange;
}

/** Who asks: a transport, and the key of a worker instead of the transport's own. */
export interface ArtifactCaller {
  readonly transport: Transport;
  readonly key?: string;
}

export async function putArtifact(
  { transport, ...as }: ArtifactCaller,
  job: string,
  name: string,
  bytes: ArtifactBytes,
  { contentType, sha256, token, ...call }: PutArtifactOptions,
): Promise<WireArtifact> {
  const type = contentType ?? (bytes instanceof Blob && bytes.type !== "" ? bytes.type : "application/octet-stream");
  const headers = {
    "Content-Type": type,
    ...(sha256 === undefined ? {} : { "X-Millrace-Sha256": sha256 }),
    ...tokenHeader(token),
  };
  const path = pathOf(job, name);
  const response = await transport.exchange({ ...as, method: "PUT", path, headers, body: bytes }, call);
  return (await response.json()) as WireArtifact;
}

export async function getArtifact(
  { transport, ...as }: ArtifactCaller,
  job: string,
  name: string,
  { range, token, ...call }: GetArtifactOptions,
): Promise<ArtifactDownload> {
  const asked: Record<string, string> =
    range === undefined ? {} : { Range: `bytes=${range.first}-${range.last ?? ""}` };
  const headers = { ...asked, ...tokenHeader(token) };
  const path = pathOf(job, name);
  const response = await transport.exchange({ ...as, method: "GET", path, headers, body: null }, call);
  const said = response.headers;
  return {
    body: (response.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>,
    size: Number(said.get("content-length")),
    sha256: (said.get("etag") ?? "").replaceAll('"', ""),
    contentType: said.get("content-type") ?? "",
  };
}

export async function listArtifacts(
  { transport, ...as }: ArtifactCaller,
  job: string,
  { token, ...call }: ArtifactOptions,
): Promise<readonly WireArtifact[]> {
  const path = `/v1/jobs/${encodeURIComponent(job)}/artifacts`;
  const headers = tokenHeader(token);
  const response = await transport.exchange({ ...as, method: "GET", path, headers, body: null }, call);
  return ((await response.json()) as { readonly artifacts: readonly WireArtifact[] }).artifacts;
}

/** @throws InputError for what is no Unicode text, and so no part of a URL */
function pathOf(job: string, name: string): string {
  if (!name.isWellFormed()) throw new InputError("request_invalid", "the name of the artifact is no Unicode text");
  return `/v1/jobs/${encodeURIComponent(job)}/artifacts/${encodeURIComponent(name)}`;
}

function tokenHeader(token: number | undefined): Record<string, string> {
  return token === undefined ? {} : { "X-Millrace-Token": String(token) };
}
