export { CONFORMANCE_CASES } from "./conformance/index.ts";
export {
  assertSound,
  runCase,
  type Capability,
  type CaseVerdict,
  type ConformanceBench,
  type ConformanceCase,
  type GuaranteeId,
  type ProvidedStore,
  type StoreProvider,
} from "./harness.ts";
export { exercise, type ExerciseEnd, type ExerciseOptions } from "./exercise/exercise.ts";
export { ExerciseError, type ExerciseReport, type ExerciseRun } from "./exercise/exercise-report.ts";
export type { FaultName, FaultText } from "./exercise/fault.ts";
export { openTestMillrace, type TestMillrace, type TestMillraceOptions } from "./queue/open-test-millrace.ts";
export { DrainError, type DrainedJob, type DrainOptions, type DrainSummary, type LeftJob } from "./queue/drain.ts";
export type { EnqueuedFilter } from "./queue/enqueued.ts";
export { runJob, type JobRun, type RunJobOptions } from "./queue/run-job.ts";
export type { TestClock } from "./queue/test-clock.ts";
export { VIRTUAL_EPOCH, VirtualClock } from "./virtual-clock.ts";
