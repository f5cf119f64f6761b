import type { ArtifactInfo, AttemptArtifacts } from "./attempt-artifacts.ts";
import type { JobId } from "./job.ts";
import type { LeaseRef } from "./lease.ts";

/** A file that belongs to a job. The store keeps what is known of it; its bytes lie at `place`. */
export interface Artifact extends ArtifactInfo {
  readonly job: JobId;
  /** Where its bytes lie, in the words of whoever keeps them. */
  readonly place: string;
}

export type NewArtifact = Omit<Artifact, "createdAt">;

export type KeepArtifactStatus =
  | "kept"
  /** The lease under which it was sent is gone, or is that of another job. */
  | "lost"
  /** No lease was given, and the job has ended. */
  | "finished"
  /** The place was not reserved, or was given up meanwhile. */
  | "expired"
  | "not_found";

/**
 * Bytes are written before they are known here, and deleted after they are forgotten here; in between a process may
 * die. So every place is written down first: as reserved until some time, after which it is to be discarded.
 *
 *   reserved ── kept ──► artifact ── replaced, or its job pruned ──► discarded ── taken, bytes deleted ──► forgotten
 *      └──────── time over, or given up ─────────────────────────────────▲
 */
export interface ArtifactStore {
  /**
   * Write down that bytes are about to be written at a place; without `keepArtifact` it is discarded after `ms`. What is
   * still reserved and reserved again has `ms` from then.
   */
  reservePlace(place: string, ms: number): Promise<void>;
  /** What was reserved is not needed: it is discarded at once. Nothing happens to what is an artifact by now. */
  discardPlace(place: string): Promise<void>;
  /**
   * Make what lies at a reserved place an artifact of its job, in place of the one with the same name; that one's place
   * is discarded. Any other status than "kept" has changed nothing, and the place is still to be discarded. Sending it
   * again is safe: what was written answers "kept" a second time.
   * @param under the lease under which it was sent; `null` when no worker sent it
   */
  keepArtifact(artifact: NewArtifact, under: LeaseRef | null): Promise<KeepArtifactStatus>;
  /** By name, in the order of the code points. */
  artifacts(job: JobId): Promise<readonly Artifact[]>;
  artifact(job: JobId, name: string): Promise<Artifact | null>;
  /**
   * Take discarded places, to delete their bytes. Whoever takes one has `ms` to do so and say so with `forgetPlaces`;
   * then it is taken again. A place that is discarded can no longer become an artifact.
   */
  takeDiscardedPlaces(limit: number, ms: number): Promise<readonly string[]>;
  /** Their bytes are gone. Only what is discarded is forgotten. */
  forgetPlaces(places: readonly string[]): Promise<void>;
  /** Artifacts and their bytes, for the attempt that holds the lease; left out by a store that gets at no bytes. */
  artifactsUnder?(lease: LeaseRef, signal: AbortSignal): AttemptArtifacts;
}
