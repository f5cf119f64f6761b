import type { Millrace, MillraceOptions } from "millrace";

/** What an act is given: one caller among many that begin at the same time. */
export interface Party {
  /** Its place among all callers of the round, from 0. */
  readonly index: number;
  /** The client of its process, which the callers of a process share, as those of a program do. */
  readonly mill: Millrace;
  /** The address of the store itself, for tables of one's own; also where `mill` is the client of a server. */
  readonly store: string;
  /** What `mill` was opened on: the store, or a server. */
  readonly url: string;
  /** Numbers from 0 to 1 that follow from the round's seed, other ones for each caller. */
  readonly chance: () => number;
  /**
   * One more client, with the owner's key or the store's secret key unless others are given; closed when the round ends.
   * @param url another server of the round; where `mill` leads, unless given
   */
  readonly open: (options?: MillraceOptions, url?: string) => Promise<Millrace>;
  /** Called when the round ends, before the process is used for the next. */
  readonly atEnd: (end: () => Promise<void>) => void;
}

/**
 * A module of acts: functions that each caller runs in a process of the crew, with an input and an answer that can be
 * sent between processes. It exports its own address, `export const HERE = import.meta.url`.
 */
export interface Acts {
  readonly HERE: string;
}

/** An act that throws fails the test: what it expects to be refused it catches, and answers. */
export type Act = (party: Party, input: never) => Promise<unknown>;
