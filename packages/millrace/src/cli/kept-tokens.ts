import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConflictError } from "../core/errors.ts";
import type { Job } from "../core/job.ts";
import { jobLabel } from "./job-name.ts";
import type { Session } from "./session.ts";
import { stateFolder } from "./state-folder.ts";

/** The tokens of jobs that this user holds by hand, a file each, so that the name of a job is enough to report it. */
export class KeptTokens {
  readonly #folder: string;

  constructor(session: Session) {
    this.#folder = stateFolder(session);
  }

  keep({ id }: Pick<Job, "id">, token: number): void {
    writeFileSync(this.#fileOf(id), `${token}\n`, { mode: 0o600 });
  }

  /** @throws ConflictError when it was not claimed from here */
  tokenOf(job: Job): number {
    const text = this.#read(job.id);
    if (text !== null && /^\d+\n$/.test(text)) return Number(text);
    const by = job.worker === null ? "" : ` by ${job.worker}`;
    const state = job.state === "running" ? `it runs, claimed${by}` : `it is ${job.state}`;
    throw new ConflictError("state_conflict", `${jobLabel(job)} is not held here: ${state}`, {
      job: job.id,
      state: job.state,
    });
  }

  forget({ id }: Pick<Job, "id">): void {
    rmSync(this.#fileOf(id), { force: true });
  }

  #fileOf(id: Job["id"]): string {
    return join(this.#folder, `${id}.token`);
  }

  #read(id: Job["id"]): string | null {
    try {
      return readFileSync(this.#fileOf(id), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }
}
