import { isDrayageError } from "@drayage/errors";
import { connect } from "../src/daemon.ts";

// Connects, and prints why that cannot be done.
const [DOCKER_HOST = ""] = process.argv.slice(2);
try {
  (await connect({}, { env: { DOCKER_HOST } })).close();
} catch (error) {
  if (!isDrayageError(error)) throw error;
  const { code, message, hint } = error;
  process.stdout.write(JSON.stringify({ code, message, hint }));
}
