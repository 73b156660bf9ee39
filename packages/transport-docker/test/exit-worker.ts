import { docker } from "../src/index.ts";

// Looks an image up and reads it, and then has nothing more to do: the process ends by itself.
const [name = "", registriesConf = ""] = process.argv.slice(2);
const transport = docker({ env: { HOME: "/nowhere" } });
const reference = transport.parse(`//${name}`);
const options = { connection: { registriesConf } };
const { digest } = await transport.resolveImage(reference, options);
await using source = await transport.openSource(reference, options);
await source.manifest();
process.stdout.write(digest);
