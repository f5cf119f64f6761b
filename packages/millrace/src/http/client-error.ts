import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Problem } from "./api/problem.ts";

const PROBLEM_TYPE = { "Content-Type": "application/problem+json" };

/** What is wrong with something that never becomes a request. */
const CLIENT_ERRORS = {
  400: { title: "Bad Request", code: "request_invalid", detail: "this is no valid HTTP request" },
  408: { title: "Request Timeout", code: "request_timeout", detail: "the request was not sent in time" },
  431: { title: "Request Header Fields Too Large", code: "request_invalid", detail: "the headers are too large" },
} as const;

type ClientStatus = keyof typeof CLIENT_ERRORS;

function problemFor(status: ClientStatus): Problem {
  return { type: "about:blank", status, ...CLIENT_ERRORS[status], requestId: randomUUID(), retryable: status === 408 };
}

/** For a request line or a host that cannot be made a URL of. */
export function answerNoRequest(): Response {
  return Response.json(problemFor(400), { status: 400, headers: PROBLEM_TYPE });
}

/** What the parser of HTTP gives up on is answered all the same, and the connection closed. */
export function refuseClient(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = STATUS_BY_CODE[error.code ?? ""] ?? 400;
  const body = JSON.stringify(problemFor(status));
  socket.end(
    `HTTP/1.1 ${status} ${CLIENT_ERRORS[status].title}\r\nContent-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

const STATUS_BY_CODE: Readonly<Record<string, ClientStatus>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};
