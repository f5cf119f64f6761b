import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { nodeListener, type Handler } from "millrace/http";
import { PEOPLE, type Keys } from "./people.ts";

const PAGE = new URL("page.html", import.meta.url);

/**
 * The application: its page, and the API of the queue under the same address. Browsers say by a cookie who they are, and
 * their keys stay here. (Where a real application would ask for a password, this one has five doors.)
 */
export function createSite(api: Handler, keys: Keys): Server {
  const answer = async (request: Request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return page();
    if (pathname.startsWith("/as/")) return door(pathname.slice("/as/".length));
    const key = keys.get(personOf(request));
    if (key === undefined || request.headers.has("Authorization")) return api.fetch(request);
    const headers = new Headers(request.headers);
    headers.set("Authorization", `Bearer ${key}`);
    return api.fetch(new Request(request, { headers }));
  };
  return createServer(nodeListener({ ...api, fetch: answer }));
}

async function page(): Promise<Response> {
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "frame-ancestors 'none'" };
  return new Response(await readFile(PAGE), { headers });
}

/** Strict: no other site's page sends this cookie along, and no script reads it. */
function door(name: string): Response {
  if (!PEOPLE.some((person) => person.name === name))
    return new Response("There is nobody of that name.", { status: 404 });
  const headers = { Location: "/", "Set-Cookie": `who=${name}; Path=/; HttpOnly; SameSite=Strict` };
  return new Response(null, { status: 303, headers });
}

function personOf(request: Request): string {
  const name = /(?:^|; )who=([\w-]+)/.exec(request.headers.get("Cookie") ?? "")?.[1];
  // The pipelines have keys, too, and no door.
  return PEOPLE.find((person) => person.name === name)?.name ?? "";
}
