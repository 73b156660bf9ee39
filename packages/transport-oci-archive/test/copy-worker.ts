import { putImage } from "@drayage-internal/fixtures/layouts";
import transport from "../src/index.ts";

// Copies an image once.
const [from = "", to = ""] = process.argv.slice(2);
try {
  await using input = await transport.openSource?.(transport.parse(from));
  await using output = await transport.openDestination?.(transport.parse(to));
  if (!input || !output) throw new Error("it should read and write");
  await putImage(input, output);
  await output.commit();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
