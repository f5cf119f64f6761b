import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Nobody tells when the last member of a group has gone, so it is asked, at growing intervals. */
const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;

/** Groups that are at work; they go when this process does. */
const live = new Set<ProcessGroup>();
let isExitWatched = false;

/**
 * The processes a script consists of: itself and all it has started, save those that made a group of their own.
 * Its id is the one of the script's process. The id may be used again once nobody is left, so a group that was
 * seen to be gone is never signalled again.
 */
export class ProcessGroup {
  readonly id: number;
  #isGone = false;
  /** A member that lived when it was last asked after; while it does, nobody else needs to be looked for. */
  #witness: number;

  constructor(id: number) {
    this.id = id;
    this.#witness = id;
    live.add(this);
    if (!isExitWatched) {
      isExitWatched = true;
      process.on("exit", () => {
        for (const group of live) group.signal("SIGKILL");
      });
    }
  }

  /** Send a signal to every member. That there is none is fine. */
  signal(signal: NodeJS.Signals): void {
    if (this.#isGone) return;
    try {
      process.kill(-this.id, signal);
    } catch {
      // None left, or none that is ours: asking whether it is gone tells.
    }
  }

  /**
   * True as soon as no member lives; false when `withinMs` have passed, or `until` has fired, and one still does.
   */
  async isGone(withinMs = 0, until?: AbortSignal): Promise<boolean> {
    const endsAt = performance.now() + withinMs;
    for (let pollMs = FIRST_POLL_MS; ; pollMs = Math.min(pollMs * 2, MAX_POLL_MS)) {
      if (!(await this.#hasMembers())) {
        this.#isGone = true;
        live.delete(this);
        return true;
      }
      const leftMs = endsAt - performance.now();
      if (leftMs <= 0 || until?.aborted === true) return false;
      await delay(Math.min(pollMs, leftMs), undefined, until === undefined ? {} : { signal: until }).catch(() => {});
    }
  }

  async #hasMembers(): Promise<boolean> {
    if (this.#isGone) return false;
    try {
      process.kill(-this.id, 0);
    } catch {
      // ESRCH: nobody. EPERM: only the dead, on macOS; or only processes we could do nothing about.
      return false;
    }
    return process.platform !== "linux" || (await this.#hasLivingMembers());
  }

  /**
   * Whether a member does more than wait to be reaped. The dead count as members until their parent asks after them,
   * and in a container without an init process nobody ever asks after orphans.
   */
  async #hasLivingMembers(): Promise<boolean> {
    if ((await this.#statusOf(this.#witness)) === "alive") return true;
    let deadCount = 0;
    for (const name of await readdir("/proc").catch(() => [])) {
      if (!/^\d+$/.test(name)) continue;
      const status = await this.#statusOf(Number(name));
      if (status === "alive") {
        this.#witness = Number(name);
        return true;
      }
      if (status === "dead") deadCount += 1;
    }
    // Nobody found at all: /proc hides what the kernel has just told us of.
    return deadCount === 0;
  }

  async #statusOf(pid: number): Promise<"alive" | "dead" | "elsewhere"> {
    // "pid (name) state parent group …", where the name may hold spaces and brackets itself.
    const text = await readFile(`/proc/${pid}/stat`, "latin1").catch(() => "");
    const [state, , group] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (Number(group) !== this.id) return "elsewhere";
    return state === "Z" || state === "X" ? "dead" : "alive";
  }
}
