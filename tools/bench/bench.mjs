import { register } from "tsx/esm/api";

// npm run bench: this Node may not know TypeScript, and the programs that are measured are started without this loader.
register();
const { main } = await import("./src/main.ts");
process.exitCode = await main(process.argv.slice(2));
