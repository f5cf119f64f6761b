import { connect, type Socket } from "node:net";
import { openMillrace, OptionsError } from "millrace";
import { serveHttp, type HttpServer, type ServeOptions } from "millrace/http";
import { describe, expect, it, onTestFinished } from "vitest";
import { API_KEY } from "./bench.ts";

async function serve(options: Partial<ServeOptions> = {}): Promise<HttpServer> {
  const mill = await openMillrace("memory:");
  onTestFinished(async () => mill.close());
  const server = await serveHttp({ mill, apiKey: API_KEY, port: 0, ...options });
  onTestFinished(async () => server.stop());
  return server;
}

/** A connection on which bytes are written by hand. */
async function dial({ port }: HttpServer): Promise<{ readonly socket: Socket; readonly ended: Promise<string> }> {
  const socket = connect(port, "127.0.0.1");
  let said = "";
  socket.setEncoding("utf8").on("data", (text: string) => (said += text));
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => socket.once("close", () => resolve(said)));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, ended };
}

const HEAD = `POST /v1/jobs HTTP/1.1\r\nHost: server\r\nAuthorization: Bearer ${API_KEY}\r\nContent-Type: application/json\r\n`;

describe("a server that stops", () => {
  it("answers what was asked before, and closes the connection after it", async () => {
    const server = await serve();
    const { socket, ended } = await dial(server);
    socket.write(`${HEAD}Expect: 100-continue\r\nContent-Length: 12\r\n\r\n`);
    // It has read the headers when it asks for the rest.
    await new Promise((resolve) => socket.once("data", resolve));
    const stopped = server.stop();
    socket.write('{"kind":"k"}');
    expect(await ended).toMatch(/HTTP\/1\.1 201 Created/);
    await stopped;
  });

  it("does not wait for connections on which nobody has asked anything", async () => {
    const server = await serve({ stopGraceMs: 60_000 });
    const { ended } = await dial(server);
    // It is served after the one before it was taken.
    await fetch(`${server.url}/health`);
    await server.stop();
    expect(await ended).toBe("");
  });

  it("cuts what goes on for longer than it may", async () => {
    const server = await serve({ stopGraceMs: 50 });
    const { socket, ended } = await dial(server);
    socket.write(`${HEAD}Content-Length: 12\r\nExpect: 100-continue\r\n\r\n`);
    await new Promise((resolve) => socket.once("data", resolve));
    socket.write('{"kind"');
    await Promise.all([server.stop(), server.stop()]);
    expect(await ended).not.toContain("201");
    await expect(fetch(`${server.url}/health`)).rejects.toThrow("fetch failed");
  });
});

describe("a client that does wrong", () => {
  it("is answered while it still sends, and others are served", async () => {
    const server = await serve({ limits: { bodyBytes: 1_000 } });
    const { socket, ended } = await dial(server);
    socket.write(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    const chunk = `400\r\n${" ".repeat(0x400)}\r\n`;
    socket.write(chunk.repeat(4));
    await new Promise((resolve) => socket.once("data", resolve));
    socket.end();
    expect(await ended).toMatch(/^HTTP\/1\.1 413 .*"code":"payload_too_large"/s);
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
  });

  it.each([
    ["has no host", "GET /health HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", 400],
    ["names a host that is none", "GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n", 400],
    ["sends too many headers", `GET /health HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431],
    ["speaks another language", "\u0016\u0003\u0001\u0002\r\n\r\n", 400],
  ])("%s, and is told so by a problem", async (_, request, status) => {
    const { socket, ended } = await dial(await serve());
    socket.write(request);
    const said = await ended;
    expect(said).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(said.toLowerCase()).toContain("content-type: application/problem+json");
    expect(said).toMatch(/"requestId":"[\w-]+"/);
  });
});

it("does not begin with options that are wrong", async () => {
  const mill = await openMillrace("memory:");
  onTestFinished(async () => mill.close());
  await expect(serveHttp({ mill })).rejects.toThrow("no key was given");
  await expect(serveHttp({ mill, apiKey: "short" })).rejects.toThrow(OptionsError);
  await expect(serveHttp({ mill, apiKey: API_KEY, port: 70_000 })).rejects.toThrow("port must be at most 65535");
  await expect(serveHttp({ mill, apiKey: API_KEY, port: -1, stopGraceMs: -1 })).rejects.toThrow(
    /port must.*stopGraceMs must/,
  );
});
