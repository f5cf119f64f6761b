import type { ArtifactInfo, AttemptArtifacts } from "../../core/attempt-artifacts.ts";
import { LeaseLostError } from "../../core/errors.ts";
import type { LeaseRef } from "../../core/lease.ts";
import {
  getArtifact,
  listArtifacts,
  putArtifact,
  type ArtifactCaller,
  type WireArtifact,
} from "../../http/api/artifact-calls.ts";
import type { Workers } from "./workers.ts";

/** As `Store.artifactsUnder`: asked with the key of the worker that holds the lease, and under its token. */
export function artifactsUnder(workers: Workers, { job, token }: LeaseRef, signal: AbortSignal): AttemptArtifacts {
  async function holder(): Promise<ArtifactCaller> {
    signal.throwIfAborted();
    const worker = workers.holderOf({ job, token });
    if (worker === undefined) throw new LeaseLostError(`the artifacts of ${job} are out of reach: its lease is gone`);
    return worker.client.caller();
  }

  return {
    list: async () => (await listArtifacts(await holder(), job, { token, signal })).map(infoOf),
    get: async (name, options = {}) => getArtifact(await holder(), job, name, { ...options, token, signal }),
    put: async (name, bytes, details = {}) =>
      infoOf(await putArtifact(await holder(), job, name, bytes, { ...details, token, signal })),
  };
}

function infoOf({ createdAt, ...rest }: WireArtifact): ArtifactInfo {
  return { ...rest, createdAt: new Date(createdAt) };
}
