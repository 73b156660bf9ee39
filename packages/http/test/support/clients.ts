import { afterEach } from "vitest";
import { createHttpClient, type HttpClient, type HttpClientOptions } from "../../src/index.ts";

const clients: HttpClient[] = [];

/** A client that looks at no environment, and that is closed after its test. */
export function client(options: HttpClientOptions = {}): HttpClient {
  const made = createHttpClient({ env: {}, ...options });
  clients.push(made);
  return made;
}

afterEach(() => {
  for (const made of clients.splice(0)) made.close();
});

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it should have failed");
}

export async function text(response: { bytes(limit: number): Promise<Uint8Array> }): Promise<string> {
  return Buffer.from(await response.bytes(1_000_000)).toString();
}

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error("it did not become so within 10 s");
    await new Promise((resolve) => {
      setTimeout(resolve, 2);
    });
  }
}
