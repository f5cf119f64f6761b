import { InputError } from "../../core/errors.ts";
import type { ArtifactBody } from "./artifacts.ts";
import type { CallOptions, Transport } from "./transport.ts";

/** An artifact on the wire: as it is listed, with times as ISO 8601 text. */
export type WireArtifact = ArtifactBody;

/** What an artifact can be made of. Streams are not held in memory; browsers send them over HTTP/2 only. */
export type ArtifactBytes = string | Blob | ArrayBuffer | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

interface ArtifactOptions extends CallOptions {
  /** For workers: the fencing token of the lease under which they hold the job. */
  readonly token?: number;
}

export interface PutArtifactOptions extends ArtifactOptions {
  /** @default the type of a `Blob`, else "application/octet-stream" */
  readonly contentType?: string;
  /** In hexadecimal digits; what arrives with another is refused. */
  readonly sha256?: string;
}

export interface GetArtifactOptions extends ArtifactOptions {
  /** Bytes from 0, both ends counted; without `last`, all from `first` on. */
  readonly range?: { readonly first: number; readonly last?: number };
}

/** An artifact, or a range of it, as it comes. Read the body, or cancel it. */
export interface ArtifactDownload {
  readonly body: ReadableStream<Uint8Array>;
  /** Of the body, in bytes. */
  readonly size: number;
  /** Of the whole artifact, in hexadecimal digits. */
  readonly sha256: string;
  readonly contentType: string;
}

export async function putArtifact(
  transport: Transport,
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
  const response = await transport.exchange({ method: "PUT", path, headers, body: bytes }, call);
  return (await response.json()) as WireArtifact;
}

export async function getArtifact(
  transport: Transport,
  job: string,
  name: string,
  { range, token, ...call }: GetArtifactOptions,
): Promise<ArtifactDownload> {
  const asked: Record<string, string> =
    range === undefined ? {} : { Range: `bytes=${range.first}-${range.last ?? ""}` };
  const headers = { ...asked, ...tokenHeader(token) };
  const path = pathOf(job, name);
  const response = await transport.exchange({ method: "GET", path, headers, body: null }, call);
  const said = response.headers;
  return {
    body: (response.body ?? new Blob([]).stream()) as ReadableStream<Uint8Array>,
    size: Number(said.get("content-length")),
    sha256: (said.get("etag") ?? "").replaceAll('"', ""),
    contentType: said.get("content-type") ?? "",
  };
}

/** @throws InputError for what is no Unicode text, and so no part of a URL */
function pathOf(job: string, name: string): string {
  if (!name.isWellFormed()) throw new InputError("request_invalid", "the name of the artifact is no Unicode text");
  return `/v1/jobs/${encodeURIComponent(job)}/artifacts/${encodeURIComponent(name)}`;
}

function tokenHeader(token: number | undefined): Record<string, string> {
  return token === undefined ? {} : { "X-Millrace-Token": String(token) };
}
