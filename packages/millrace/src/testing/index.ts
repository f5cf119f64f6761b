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
export { VIRTUAL_EPOCH, VirtualClock } from "./virtual-clock.ts";
