export { checkHistory } from "./check/check-history.ts";
export type {
  FinalAttempt,
  FinalJob,
  GuaranteeVerdict,
  HistoryVerdict,
  HistoryViolation,
  Recovery,
  StoryLine,
  Unknown,
} from "./check/verdict.ts";
export { readHistory, type RecordedRun } from "./drive/recorded-run.ts";
export type { VerifyOptions, VerifyProgress } from "./drive/verify-options.ts";
export type { VerifyFigures, VerifyOutcome } from "./drive/verify-outcome.ts";
export { verifyStore } from "./drive/verify-store.ts";
export type { FaultName } from "./faults/fault.ts";
export type { Answer, Entry, Operation } from "./history/entry.ts";
export { recordingStore } from "./history/recording-store.ts";
