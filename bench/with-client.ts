import { Client } from "pg";

/** A connection for one purpose. */
export async function withClient<Value>(url: string, act: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}
