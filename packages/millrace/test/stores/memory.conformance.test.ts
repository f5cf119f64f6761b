import { runConformance } from "./run-conformance.ts";
import { memoryProvider } from "./sqlite-provider.ts";

runConformance("sqlite, in memory", memoryProvider());
