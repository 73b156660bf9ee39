import { putImage } from "@drayage-internal/fixtures/layouts";
import transport from "../src/index.ts";

// Copies an image again and again to new names, until it is killed; or once, where `rounds` is 1.
const [from = "", to = "", rounds = "1"] = process.argv.slice(2);
for (let round = 0; round < Number(rounds); round++) {
  await using input = await transport.openSource?.(transport.parse(from));
  await using output = await transport.openDestination?.(
    transport.parse(rounds === "1" ? to : `${to}${round}`),
  );
  if (!input || !output) process.exit(2);
  process.stdout.write("writing\n");
  await putImage(input, output);
  await output.commit();
}
