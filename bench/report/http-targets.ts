import { httpWorkRow } from "../scenarios/http.ts";
import { MILLRACE } from "../scenarios/peers.ts";
import { figure, PER_SECOND, type Target } from "./target.ts";

/** What Millrace sets out to reach over HTTP. */
export const HTTP_TARGETS: readonly Target[] = [
  {
    what: "a remote worker, batches of 100, on SQLite",
    atLeast: 10_000,
    ...PER_SECOND,
    value: figure("http-work", httpWorkRow(2), "perSecond"),
  },
  {
    what: "`POST /v1/jobs` from 100 connections, on SQLite",
    atLeast: 3_000,
    ...PER_SECOND,
    value: figure("http-enqueue", MILLRACE.name, "perSecond"),
  },
];
