import {
  isMillraceError,
  ConflictError,
  InputError,
  LeaseLostError,
  NotFoundError,
  StoreError,
} from "../../core/errors.ts";
import type { Artifact, KeepArtifactStatus, NewArtifact } from "../../core/artifact.ts";
import type { LeaseRef } from "../../core/lease.ts";
import type { Kernel } from "../../runtime/kernel.ts";
import type { Limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { Janitor } from "./janitor.ts";
import { Measured, tooLarge } from "./measured.ts";
import { newPlace, type ByteRange, type Places } from "./places.ts";

/** While bytes arrive their place is reserved anew after so long … */
const RENEW_EVERY_MS = 300_000;
/** … and stays so for longer than a renewal and a silent sender take. */
const RESERVE_MARGIN_MS = 600_000;

/** What a client says of an artifact that it sends. */
export interface SaidArtifact extends Pick<NewArtifact, "job" | "name" | "contentType" | "createdBy"> {
  /** How many bytes it will be. */
  readonly size: number | undefined;
  /** Which bytes it will be, in hexadecimal digits. */
  readonly sha256: string | undefined;
}

/**
 * Takes in artifacts, and hands them out. A place is written down before anything is written to it, and no artifact is known before all of
 * its bytes are on disk: whatever ends an upload, no half of it is ever seen, and its bytes are deleted.
 */
export class Artifacts {
  readonly #places: Places;
  readonly #kernel: Kernel;
  readonly #limits: Limits;
  readonly #janitor: Janitor;

  constructor(kernel: Kernel, places: Places, limits: Limits, stopping: AbortSignal) {
    this.#places = places;
    this.#kernel = kernel;
    this.#limits = limits;
    this.#janitor = new Janitor(kernel, places, stopping);
  }

  /**
   * Keep what arrives as an artifact of its job, in place of the one with its name.
   * @param under the lease of the worker that sends it; `null` when no worker does
   * @throws MillraceError as it says what is wrong; then nothing is kept
   */
  async take(
    said: SaidArtifact,
    body: ReadableStream<Uint8Array> | null,
    under: LeaseRef | null,
  ): Promise<Omit<Artifact, "place">> {
    const { artifactBytes, artifactsPerJob } = this.#limits;
    if (said.size !== undefined && said.size > artifactBytes) throw tooLarge(artifactBytes);
    const { store, clock } = this.#kernel;
    const there = await store.artifacts(said.job);
    if (there.length >= artifactsPerJob && !there.some(({ name }) => name === said.name)) {
      throw new InputError("request_invalid", `the job has ${there.length} artifacts; there may be no more`);
    }
    const place = newPlace();
    const bytes = await this.#reserve(place, said, body);
    try {
      await this.#write(place, bytes);
      const { job, name, contentType, createdBy } = said;
      const { size, sha256 } = bytes;
      const artifact = { job, name, size, sha256, contentType, createdBy };
      await this.#keep({ ...artifact, place }, under);
      // Another may have taken its place by now, a moment later.
      const kept = await store.artifact(job, name);
      return { ...artifact, createdAt: kept?.createdAt ?? new Date(clock.now()) };
    } catch (error) {
      await this.#giveUp(place);
      throw error;
    } finally {
      this.#janitor.wake();
    }
  }

  /** The bytes of an artifact. @throws StoreError when they cannot be read, or are not there */
  async read({ job, name, place }: Artifact, range: ByteRange): Promise<ReadableStream<Uint8Array>> {
    let bytes: ReadableStream<Uint8Array> | null;
    try {
      bytes = await this.#places.read(place, range);
    } catch (cause) {
      throw new StoreError("store_unavailable", "the artifact cannot be read; the server's log says why", { cause });
    }
    if (bytes !== null) return bytes;
    throw new StoreError("store_corrupt", `nothing lies at ${this.#places.text} under ${place}: "${name}" of ${job}`);
  }

  async #reserve(place: string, { sha256 }: SaidArtifact, body: ReadableStream<Uint8Array> | null): Promise<Measured> {
    const { store, clock, logger } = this.#kernel;
    const { artifactBytes: limit, artifactSilenceMs: silenceMs } = this.#limits;
    const reserveMs = RENEW_EVERY_MS + silenceMs + RESERVE_MARGIN_MS;
    let reservedAt = clock.monotonic();
    await store.reservePlace(place, reserveMs);
    const onChunk = async (): Promise<void> => {
      if (clock.monotonic() - reservedAt < RENEW_EVERY_MS) return;
      reservedAt = clock.monotonic();
      // There is time for it to be done after the next chunk.
      await store
        .reservePlace(place, reserveMs)
        .catch((error: unknown) => logger.warn({ error }, "a place could not be reserved for longer"));
    };
    return new Measured(body, { limit, silenceMs, sha256, onChunk });
  }

  /** @throws what is wrong with the bytes; StoreError for what goes wrong here, such as a full disk */
  async #write(place: string, bytes: Measured): Promise<void> {
    try {
      await this.#places.write(place, bytes);
    } catch (cause) {
      if (isMillraceError(cause) || cause instanceof Refusal) throw cause;
      throw new StoreError("store_unavailable", "the artifact could not be written; the server's log says why", {
        cause,
      });
    }
  }

  async #keep(artifact: NewArtifact, under: LeaseRef | null): Promise<void> {
    const status = await this.#kernel.store.keepArtifact(artifact, under);
    if (status === "kept") return;
    // Nobody may know of the place any more, and so nobody else would delete it.
    if (status === "expired") await this.#places.delete(artifact.place);
    throw refusalOf(status, artifact);
  }

  /** Nothing happens to what has become an artifact although no answer came. */
  async #giveUp(place: string): Promise<void> {
    try {
      await this.#kernel.store.discardPlace(place);
    } catch (error) {
      // The reservation runs out, and then it is discarded.
      if (!isMillraceError(error)) throw error;
      this.#kernel.logger.warn({ error }, "a place could not be discarded; it is once its time is over");
    }
  }
}

function refusalOf(status: Exclude<KeepArtifactStatus, "kept">, { job, name }: NewArtifact): Error {
  switch (status) {
    case "lost":
      return new LeaseLostError(`"${name}" was not kept: the lease of the job is gone`);
    case "finished":
      return new ConflictError("state_conflict", `"${name}" was not kept: the job has ended`, { job });
    case "not_found":
      return new NotFoundError("job_not_found", `there is no job "${job}"`);
    case "expired":
      return new StoreError("store_busy", `"${name}" was not kept: it took too long to be written; send it again`);
  }
}
