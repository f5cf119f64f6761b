import type { Answer, Operation } from "./entry.ts";

/** A call and, where there was one, its answer. */
export interface Call {
  readonly process: string;
  readonly operation: Operation;
  readonly from: number;
  /** The same as `from` where there is no answer. */
  readonly until: number;
  /** `null` where nobody heard of one. */
  readonly answer: Answer | null;
}

/** Whether it may have had its effect although nobody was told. */
export function isUnheard({ answer }: Pick<Call, "answer">): boolean {
  return answer === null || (answer.name === "error" && answer.isOutage);
}

/** What was answered, where that is what was asked for. */
export function answerTo<Name extends Answer["name"]>(
  name: Name,
  answer: Answer | null,
): (Answer & { readonly name: Name }) | undefined {
  return answer?.name === name ? (answer as Answer & { readonly name: Name }) : undefined;
}
