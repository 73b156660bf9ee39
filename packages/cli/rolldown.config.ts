import { command } from "../../tools/build/rolldown.base.ts";

export default command({
  input: { bin: "src/bin.ts" },
  journeys: {
    bin: ["src/bin.ts"],
    run: ["src/process.ts"],
    inspect: ["src/commands/inspect.ts", "../transport-oci-dir/src/index.ts"],
    parser: ["src/app.ts"],
    copy: ["src/commands/copy.ts", "../transport-oci-dir/src/destination.ts"],
  },
});
