// What the three frameworks below share: the queue, and its HTTP API as a function from Request to Response.
import { openMillrace } from "millrace";
import { createHandler, type Handler } from "millrace/http";

export const API_KEY = process.env["MILLRACE_API_KEY"] ?? "only-for-this-example-0123456789abcdef";

/** @param basePath the path below which the application hands requests over, where it does not cut it off itself */
export async function openQueue(basePath = ""): Promise<Handler & { readonly end: () => Promise<void> }> {
  const mill = await openMillrace(process.env["MILLRACE_STORE"] ?? "memory:");
  const handler = createHandler({ mill, apiKey: API_KEY, basePath });
  const end = async (): Promise<void> => {
    handler.close();
    await mill.close();
  };
  return { ...handler, end };
}
