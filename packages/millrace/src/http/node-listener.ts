import type { IncomingMessage, ServerResponse } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { answerNoRequest } from "./client-error.ts";
import type { Handler } from "./create-handler.ts";

/**
 * The handler for frameworks that speak in Node's own requests and responses, such as Express: `app.use("/queue",
 * nodeListener(handler))`. Parsers of bodies belong behind it; what they have read, it cannot read again.
 */
export function nodeListener(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  const answer = getRequestListener(handler.fetch, { errorHandler: answerNoRequest });
  // Whatever goes wrong in there has been answered there.
  return (request, response) => void answer(request, response);
}
