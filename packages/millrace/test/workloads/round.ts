import assert from "node:assert/strict";
import type { Millrace } from "millrace";
import { chanceFrom } from "../../src/core/chance.ts";
import type { Caller, CallerAnswer, Place } from "./crew-messages.ts";
import type { Member } from "./crew.ts";
import type { Act, Acts } from "./party.ts";

/** What no caller may meet with, nor any process print: races are for Millrace to settle, not for its users. */
const FORBIDDEN = /database is locked|deadlock|unique constraint/i;
/** How much is shown around what was found. */
const CONTEXT = 200;

/** One run on a new store. */
export interface RoundSetting {
  /** The store itself. */
  readonly store: string;
  /** The servers on the store; none where callers open it themselves. */
  readonly servers: readonly string[];
  /** The owner's key at these servers, and the secret of the JWTs that they accept. */
  readonly apiKey: string;
  readonly jwtSecret: string;
  /** What secrets of jobs are encrypted with. */
  readonly secretKey: string;
  /** The test's own client, on the store itself. */
  readonly mill: Millrace;
  readonly seed: number;
  readonly crew: readonly Member[];
}

type Names<Module> = { [K in keyof Module]: Module[K] extends Act ? K : never }[keyof Module] & string;
type InputOf<F> = F extends (party: never, input: infer Input) => unknown ? Input : undefined;
type AnswerOf<F> = F extends (...all: never) => Promise<infer Value> ? Value : never;

export class Round {
  readonly store: string;
  readonly servers: readonly string[];
  readonly apiKey: string;
  readonly jwtSecret: string;
  readonly mill: Millrace;
  readonly seed: number;
  /** Numbers from 0 to 1 that follow from the seed. */
  readonly chance: () => number;
  readonly #secretKey: string;
  readonly #crew: readonly Member[];

  constructor({ store, servers, apiKey, jwtSecret, secretKey, mill, seed, crew }: RoundSetting) {
    this.store = store;
    this.servers = servers;
    this.apiKey = apiKey;
    this.jwtSecret = jwtSecret;
    this.mill = mill;
    this.seed = seed;
    this.chance = chanceFrom(seed);
    this.#secretKey = secretKey;
    this.#crew = crew;
  }

  /** Where the callers of this process of the crew are: servers take turns. */
  placeOf(process: number): Place {
    const { store, apiKey: key } = this;
    const url = this.servers[process % Math.max(1, this.servers.length)];
    if (url === undefined) return { store, url: store, options: { secretKey: this.#secretKey } };
    return { store, url, options: { key } };
  }

  /**
   * One caller for each input, spread over the processes, all of them ready before the first begins. Answers in order.
   * @throws Error when a caller threw, or met with an error text that nobody may meet with
   */
  async all<Module extends Acts, Name extends Names<Module>>(
    acts: Module,
    name: Name,
    inputs: readonly InputOf<Module[Name]>[],
  ): Promise<readonly AnswerOf<Module[Name]>[]> {
    const callers = inputs.map((input, index): Caller => ({ index, input, seed: this.#newSeed() }));
    const busy = this.#crew.map((member, at) => ({
      member,
      callers: callers.filter(({ index }) => index % this.#crew.length === at),
    }));
    const prepare = { task: "prepare", module: acts.HERE, act: name } as const;
    await Promise.all(busy.map(({ member, callers: mine }) => member.ask({ ...prepare, callers: mine }, "done")));
    // Whoever happens to come first in the crew must not be the first each time.
    const inAnyOrder = busy.toSorted(() => this.chance() - 0.5);
    const heard = await Promise.allSettled(inAnyOrder.map(({ member }) => member.ask({ task: "go" }, "ended")));
    const answers = heard.flatMap((each) => {
      if (each.status === "rejected") throw each.reason;
      return each.value.answers;
    });
    return this.#valuesOf(name, answers) as readonly AnswerOf<Module[Name]>[];
  }

  /** The checker: what lies in the store after the run, and what anybody said. */
  async check(complaints: string): Promise<void> {
    this.#refuseForbidden(complaints);
    const report = await this.mill.verify();
    assert.deepEqual(report.violations, [], "mill.verify() finds no broken promise in the store");
  }

  #valuesOf(name: string, answers: readonly CallerAnswer[]): readonly unknown[] {
    const wrong = answers.flatMap((answer) => ("error" in answer ? [answer] : []));
    const [first] = wrong;
    if (first !== undefined) {
      throw new Error(`${name}: ${wrong.length} of ${answers.length} callers threw; #${first.index}: ${first.error}`);
    }
    this.#refuseForbidden(JSON.stringify(answers));
    return answers
      .toSorted((a, b) => a.index - b.index)
      .map((answer) => ("value" in answer ? answer.value : undefined));
  }

  #refuseForbidden(text: string): void {
    const at = text.search(FORBIDDEN);
    if (at >= 0)
      throw new Error(`somebody met with ${JSON.stringify(text.slice(Math.max(0, at - CONTEXT), at + CONTEXT))}`);
  }

  #newSeed(): number {
    return Math.floor(this.chance() * 2 ** 31);
  }
}
