import { putImage } from "@drayage-internal/fixtures/layouts";
import transport from "../src/index.ts";

// Copies the images of two folders into a third in turn, until it is killed or has done it so many times.
const [first = "", second = "", to = "", rounds = "1"] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  await using input = await transport.openSource?.(transport.parse(round % 2 === 0 ? first : second));
  await using output = await transport.openDestination?.(transport.parse(to));
  if (!input || !output) process.exit(2);
  process.stdout.write("writing\n");
  await putImage(input, output);
  await output.commit();
}
