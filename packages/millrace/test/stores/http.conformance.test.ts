import { httpProvider } from "./http-provider.ts";
import { runConformance } from "./run-conformance.ts";

runConformance("http, on a server", httpProvider, {
  "it takes the data itself, which is the server's": [
    "transaction",
    "open transaction",
    "transfer",
    "faults",
    "numbers: a range of numbers is taken from the same counter as the jobs'",
    "numbers: ranges taken at once over many connections do not overlap",
    "numbers: an adopted sequence goes on, and refuses to go backwards",
    "audit: an audit finds nothing after jobs went every way there is",
    "audit: diagnose sees no problem in new data",
    "events: every commit of a caller's transaction wakes a listener, not only the first",
  ],
  "it has routes of its own, or none": ["api keys", "artifacts", "webhooks", "companions", "by hand"],
  "a key sees one organisation; the server keeps them apart": [
    "claim: a claim sees its own organisation's jobs only",
    "lease: a worker is listed as it registered, with what it runs, while it is heard of",
    "lease: the id of a worker belongs to its organisation, and another cannot register it",
    "numbers: the scopes of two organisations do not touch",
    "keys: the same key means nothing to another kind or another organisation",
    "queue: queues are listed with what lies open in them and since when",
    "queue: the queues of two organisations do not touch",
    "schedule: a schedule is kept as it was put, replaced by its name, and removed once",
    "events: an organisation hears nothing of another",
  ],
  "the server checks what the library does: names without a slash, retries of what has ended": [
    "enqueue: a job reads back as it was asked for",
    "numbers: scopes and organisations whose names look alike when written together do not touch",
    "events: the stream tells all that happened to a job, in order, with its facts",
    "list: each filter finds exactly its own, and several narrow each other",
  ],
  "requests that are under way at once may overtake each other": [
    "numbers: two hundred callers of one connection at once are numbered 1 to n in the order they called",
  ],
  "when a schedule is due first, the server works out": ["schedule: a schedule fires when it is due, and not before"],
  "a line of a log is a line: the library cuts at line feeds before it reports": [
    "logs: lines are numbered 1 to n over reports and attempts, each with its stream, time and attempt",
  ],
  "a client writes under the leases that it was given itself": [
    "events: what one connection does another one reads, in the order of the commits",
    "race: as many claims at once as there are jobs find one each, and none comes back empty",
  ],
  "of tickets the server tells claims that wait, and of events those who ask for them": [
    "events: a listener is woken by its own process: ready, scheduled, cancel, events",
    "events: a listener is woken by another connection, and by its end no more",
    "events: every commit of another connection wakes a listener, not only the first",
  ],
});
