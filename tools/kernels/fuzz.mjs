import { register } from "tsx/esm/api";

// npm run fuzz: this Node may not know TypeScript. The kernels are those of the sources.
register();
const { main } = await import("./src/fuzz/main.ts");
process.exitCode = await main(process.argv.slice(2));
