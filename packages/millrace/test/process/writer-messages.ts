import type { ErrorCode, JobId } from "millrace";

export type FromWriter =
  | { readonly type: "acknowledged"; readonly id: JobId }
  | { readonly type: "refused"; readonly code: ErrorCode; readonly message: string };
