import { type Browser, chromium } from "playwright-core";

export interface VectorOutcome {
  readonly file: string;
  readonly name: string;
  /** What the vector threw; absent where it held. */
  readonly error?: string | undefined;
}

// Without them Chromium asks hosts of its vendor at every start.
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

// An origin that is secure, as crypto.subtle wants, and that is never asked for: all requests are answered here.
const origin = "https://drayage.invalid/";

/** Starts a headless browser that asks no other host for anything. */
export function launchChromium(chromiumPath: string): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath, args: quiet });
}

/** Runs what `globalThis.drayageVectors` holds after `code`, in a page of a headless browser. */
export async function runVectors(chromiumPath: string, code: string): Promise<readonly VectorOutcome[]> {
  const browser = await launchChromium(chromiumPath);
  try {
    return await runIn(browser, code);
  } finally {
    await browser.close();
  }
}

async function runIn(browser: Browser, code: string): Promise<readonly VectorOutcome[]> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  await page.route("**", (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
  await page.goto(origin);
  await page.addScriptTag({ content: code });
  if (problems.length > 0) throw new Error(`the bundle does not load in a browser: ${problems.join("; ")}`);
  return page.evaluate(async () => {
    type Vector = { name: string; run(): void | Promise<void> };
    const { drayageVectors } = globalThis as unknown as { drayageVectors: Record<string, Vector[]> };
    const outcomes: { file: string; name: string; error?: string }[] = [];
    for (const [file, vectors] of Object.entries(drayageVectors)) {
      for (const { name, run } of vectors) {
        try {
          await run();
          outcomes.push({ file, name });
        } catch (error) {
          outcomes.push({
            file,
            name,
            error: error instanceof Error ? (error.stack ?? error.message) : String(error),
          });
        }
      }
    }
    return outcomes;
  });
}
