import { randomBytes } from "node:crypto";
import { image, open, put, tar } from "./fixtures.ts";

// Adds images to an archive again and again, until it is killed.
const [file = ""] = process.argv.slice(2);
for (let round = 0; round < 1000; round += 1) {
  const layers = Array.from({ length: 4 }, () => tar([{ name: "noise", data: randomBytes(500_000) }]));
  await using destination = await open(`${file}:round:${round}`, { append: true });
  process.stdout.write("writing\n");
  await put(destination, image(layers), "nothing");
  await destination.commit();
}
