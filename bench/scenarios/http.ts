import { PER_SECOND, QUANTILES, scaled, type Column, type Row, type Scenario, type Size } from "../scenario.ts";
import { MILLRACE, MILLRACE_PG } from "./peers.ts";

/** CPU time of the server's process, and not of a database beside it. */
const SERVER_TIME: Column = { figure: "serverCpuMsPer1000", title: "server's CPU ms per 1000 jobs", digits: 1 };

type Setup = typeof MILLRACE;

const IDLE = "nobody else";
const CROWDED = "256 workers wait, 1000 follow";

/** Over HTTP: the server in one process, who asks it in another. */
export function overHttp(size: Size): readonly Scenario[] {
  return [enqueueing(size, MILLRACE, "http-enqueue"), working(size, MILLRACE, "http-work"), crowded(size)];
}

export function overHttpOnPostgres(size: Size): readonly Scenario[] {
  return [enqueueing(size, MILLRACE_PG, "pg-http-enqueue"), working(size, MILLRACE_PG, "pg-http-work")];
}

function enqueueing(size: Size, setup: Setup, name: string): Scenario {
  const connections = 100;
  const row: Row = { ...setup, measure: "http-enqueue", counts: { jobs: scaled(size, 60_000, 500), connections } };
  return {
    name,
    title: `${storeOf(setup)}: \`POST /v1/jobs\` from 100 connections`,
    note: "Sent by autocannon, which has one of the two cores.",
    columns: [
      PER_SECOND,
      SERVER_TIME,
      { figure: "p50Ms", title: "p50 ms", digits: 0 },
      { figure: "p99Ms", title: "p99 ms", digits: 0 },
    ],
    isMoreBetter: true,
    rows: [row],
  };
}

function working(size: Size, setup: Setup, name: string): Scenario {
  const row = (atOnce: number): Row => ({
    ...setup,
    name: httpWorkRow(atOnce),
    measure: "http-work",
    counts: { jobs: scaled(size, 100_000, 1_000), batch: 100, atOnce },
  });
  return {
    name,
    title: `${storeOf(setup)}: a remote worker that claims and settles 100 no-ops at a time`,
    columns: [PER_SECOND, SERVER_TIME],
    isMoreBetter: true,
    rows: [row(1), row(2), row(4)],
  };
}

function storeOf({ isOnPostgres }: Setup): string {
  return isOnPostgres === true ? "PostgreSQL" : "SQLite";
}

export function httpWorkRow(atOnce: number): string {
  return `${MILLRACE.name}, ${atOnce} ${atOnce === 1 ? "request" : "requests"} at once`;
}

function crowded(size: Size): Scenario {
  const row = (name: string, polls: number, followers: number): Row => ({
    ...MILLRACE,
    name,
    measure: "http-latency",
    counts: { jobs: scaled(size, 500, 50), warmUp: size.isQuick ? 5 : 50, paceMs: 50, polls, followers },
  });
  return {
    name: "http-latency",
    title: "SQLite: `POST /v1/jobs`, one every 50 ms",
    note: "Workers wait for jobs of another queue; followers are told of every job, each on a connection of its own.",
    columns: QUANTILES,
    isMoreBetter: false,
    baseline: IDLE,
    rows: [row(IDLE, 0, 0), row(CROWDED, size.isQuick ? 20 : 256, size.isQuick ? 20 : 1_000)],
  };
}
