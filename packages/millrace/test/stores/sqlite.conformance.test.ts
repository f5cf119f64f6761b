import { runConformance } from "./run-conformance.ts";
import { fileProvider } from "./sqlite-provider.ts";

runConformance("sqlite, on a file", fileProvider());
