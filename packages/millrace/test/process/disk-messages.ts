import type { JobId } from "millrace";

/** The store said no, and how. */
export interface Refusal {
  readonly code: string;
  readonly retryable: boolean;
  readonly name: string;
  readonly message: string;
}

export type FromFiller =
  | { readonly type: "acknowledged"; readonly jobs: readonly { readonly id: JobId; readonly number: number | null }[] }
  /** Every further call is refused. */
  | { readonly type: "full"; readonly refusals: readonly Refusal[] };
