import { claimLine } from "../core/claim-line.ts";
import type { Claim, ClaimRequest } from "../core/store.ts";
import { afterRelease } from "../core/transition.ts";
import type { Kernel } from "../runtime/kernel.ts";
import { Loop } from "../runtime/loop.ts";
import { FreedSlots } from "./freed-slots.ts";
import { Refusal } from "./refusal.ts";
import { waitUnderKey } from "./watch-key.ts";

/** Should a wake-up get lost, this is how late a job can start. */
const BACKSTOP_MS = 2_000;

/** Claims that would find the same. */
interface Line {
  readonly name: string;
  /** By these they are made to look again; who has looked stands at the end. */
  readonly looks: Set<AbortController>;
  members: number;
}

interface Poll {
  readonly request: ClaimRequest;
  readonly over: AbortController;
  isDismissed: boolean;
}

/**
 * Claims of remote workers. One that finds nothing waits inside the store, where commits of this process serve it.
 * When others have brought tickets, the first of each line looks; whoever finds something sends two more to look, since
 * there may be more. So a change costs one look for each sort of worker, and not one for each worker that waits.
 *
 * One whose worker has no slot left stands in no line: it looks again when the worker has settled something.
 */
export class LongPolls {
  readonly #kernel: Kernel;
  readonly #limit: number;
  readonly #lines = new Map<string, Line>();
  readonly #waiting = new Set<Poll>();
  readonly #freedSlots = new FreedSlots();
  readonly #backstop: Loop;
  readonly #stopping: AbortSignal;
  #stopListening: (() => void) | undefined;

  constructor(kernel: Kernel, limit: number, stopping: AbortSignal) {
    this.#kernel = kernel;
    this.#limit = limit;
    this.#stopping = stopping;
    const { clock, random } = kernel;
    this.#backstop = new Loop({
      clock,
      random,
      everyMs: BACKSTOP_MS,
      run: async () => {
        this.#wakeLines();
        // A slot is freed by a lease that ran out, too, and at another server.
        this.#freedSlots.tellAll();
        return undefined;
      },
      onError: (error) => kernel.logger.error({ error }, "waiting claims could not be woken"),
    });
    stopping.addEventListener("abort", () => this.#waiting.forEach(({ over }) => over.abort()), { once: true });
  }

  /**
   * Jobs as soon as there are any; none when the time is over, the worker unregisters or the server stops. What was
   * claimed for somebody who has gone is given back.
   * @param requireKey throws when the key is no longer good; asked while it waits, and before it gets what it waited for
   * @throws Refusal `too_many_streams` when it would have to wait and no more may; what `requireKey` throws
   */
  async claim(
    request: ClaimRequest,
    waitMs: number,
    gone: AbortSignal,
    requireKey?: () => Promise<void>,
  ): Promise<readonly Claim[]> {
    let claims = await this.#kernel.store.claim(request);
    if (claims.length === 0 && waitMs > 0 && !gone.aborted && !this.#stopping.aborted) {
      claims =
        requireKey === undefined
          ? await this.#wait(request, waitMs, gone)
          : await this.#waitUnder(requireKey, request, waitMs, gone);
    }
    if (!gone.aborted || claims.length === 0) return claims;
    await this.#giveBack(claims);
    return [];
  }

  /** The worker has unregistered: it waits no more, and gets nothing that was on its way. */
  dismiss(org: string, worker: string): void {
    for (const poll of this.#of(org, worker)) {
      poll.isDismissed = true;
      poll.over.abort();
    }
  }

  /** The worker has settled jobs, so there may be slots for those of its claims that wait for one. */
  slotsFreed(worker: string): void {
    this.#freedSlots.tell(worker);
  }

  /** The worker waits no more, and gets what was on its way. Answers how many claims of its waited. */
  end(org: string, worker: string): number {
    const polls = this.#of(org, worker);
    for (const { over } of polls) over.abort();
    return polls.length;
  }

  #of(org: string, worker: string): readonly Poll[] {
    return [...this.#waiting].filter(({ request }) => request.org === org && request.worker === worker);
  }

  async #waitUnder(
    requireKey: () => Promise<void>,
    request: ClaimRequest,
    waitMs: number,
    gone: AbortSignal,
  ): Promise<readonly Claim[]> {
    let claims: readonly Claim[] = [];
    try {
      return await waitUnderKey({ clock: this.#kernel.clock, gone, requireKey }, async (ended) => {
        claims = await this.#wait(request, waitMs, ended);
        return claims;
      });
    } catch (error) {
      if (claims.length > 0) await this.#giveBack(claims);
      throw error;
    }
  }

  async #wait(request: ClaimRequest, waitMs: number, gone: AbortSignal): Promise<readonly Claim[]> {
    if (this.#waiting.size >= this.#limit) {
      throw new Refusal(
        "too_many_streams",
        `${this.#limit} claims wait already; come back, or ask without waiting`,
        1_000,
      );
    }
    const poll: Poll = { request, over: new AbortController(), isDismissed: false };
    const end = (): void => poll.over.abort();
    const timer = this.#kernel.clock.after(waitMs, end);
    gone.addEventListener("abort", end, { once: true });
    const line = this.#enter(claimLine(request), poll);
    let hasFound = false;
    try {
      const claims = await this.#waitIn(line, poll);
      hasFound = claims.length > 0;
      if (!poll.isDismissed || !hasFound) return claims;
      await this.#giveBack(claims);
      return [];
    } finally {
      timer.cancel();
      gone.removeEventListener("abort", end);
      this.#leave(line, poll, hasFound);
    }
  }

  async #waitIn(line: Line, { request, over: { signal: over } }: Poll): Promise<readonly Claim[]> {
    while (!over.aborted) {
      const look = new AbortController();
      const slot = this.#freedSlots.enter(request.worker);
      const end = (): void => {
        look.abort();
        slot.goOn();
      };
      // Before the store is asked: a wake-up that comes while it looks makes it look once more.
      line.looks.add(look);
      over.addEventListener("abort", end, { once: true });
      try {
        const claims = await this.#kernel.store.claim(request, look.signal);
        if (claims.length > 0) return claims;
        if (look.signal.aborted) continue;
        // It was not let wait for tickets, so there is no slot; what it may have been sent to look for, another looks for.
        line.looks.delete(look);
        wake(line, 1);
        await slot.freed;
      } finally {
        this.#freedSlots.leave(request.worker, slot);
        line.looks.delete(look);
        over.removeEventListener("abort", end);
      }
    }
    return [];
  }

  #enter(name: string, poll: Poll): Line {
    const line = this.#lines.get(name) ?? { name, looks: new Set(), members: 0 };
    this.#lines.set(name, line);
    line.members += 1;
    this.#waiting.add(poll);
    if (this.#waiting.size === 1) {
      this.#stopListening = this.#kernel.store.onChange((changes, isServed) => {
        // Where the store serves those who wait in it, they have been served.
        if (changes.has("ready") && !isServed) this.#wakeLines();
      });
      this.#backstop.start();
    }
    return line;
  }

  #leave(line: Line, poll: Poll, hasFound: boolean): void {
    line.members -= 1;
    this.#waiting.delete(poll);
    if (line.members === 0) this.#lines.delete(line.name);
    // Where it found something there may be more; or it was sent to look, and has gone instead.
    else wake(line, hasFound ? 2 : 1);
    if (this.#waiting.size > 0) return;
    this.#stopListening?.();
    void this.#backstop.stop();
  }

  #wakeLines(): void {
    for (const { looks } of this.#lines.values()) {
      // One that was woken before has yet to look, and will see this, too.
      const [first] = looks;
      first?.abort();
    }
  }

  async #giveBack(claims: readonly Claim[]): Promise<void> {
    const { store, logger } = this.#kernel;
    try {
      await store.settle(claims.map(({ lease: { job, token } }) => ({ job, token, move: afterRelease() })));
    } catch (error) {
      logger.warn(
        { error, count: claims.length },
        "jobs of a client that has gone were not given back; their leases will run out",
      );
    }
  }
}

/** Send some to look who are not on their way already. */
function wake({ looks }: Line, count: number): void {
  let left = count;
  for (const look of looks) {
    if (look.signal.aborted) continue;
    look.abort();
    left -= 1;
    if (left === 0) return;
  }
}
