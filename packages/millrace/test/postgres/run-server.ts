import { inject } from "vitest";
import type { RunServer } from "./global-setup.ts";

let given: RunServer | undefined;

/** Let a program that no test runner runs give the server that its stores are on. */
export function giveServer(server: RunServer): void {
  given = server;
}

/** The server of this run: that of the program, or of the test runner. */
export function runServer(): RunServer {
  return given ?? inject("postgres");
}
