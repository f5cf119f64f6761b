export interface NumberStore {
  /** Raise the counter of a scope by `count`; answers the first of the new numbers. */
  number(org: string, scope: string, count: number): Promise<number>;
  /** Let a scope go on after `highest`. Answers where it stands; refuses to go backwards. */
  adoptNumbers(org: string, scope: string, highest: number): Promise<Adoption>;
}

/** The same in a transaction of the caller: nobody else gets a number of the scope before it ends. At once or later. */
export interface NumberWrites {
  number(org: string, scope: string, count: number): number | Promise<number>;
  adoptNumbers(org: string, scope: string, highest: number): Adoption | Promise<Adoption>;
}

/** "behind": the scope has given out more than that, and nothing was changed. `last` is the last number given. */
export interface Adoption {
  readonly status: "adopted" | "behind";
  readonly last: number;
}
