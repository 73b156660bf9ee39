import { afterAll, afterEach } from "vitest";
import { forgetStoppedServers, serverLogs, stopServers } from "./server-process.ts";
// The last hook to be set is the first to run, and servers are to be gone before their folders are removed.
import "./temporary.ts";

const shown = 8000;

afterEach(({ task }) => {
  if (task.result?.state === "fail") {
    for (const { name, log } of serverLogs()) {
      console.error(`${name} wrote, while or before "${task.name}" ran:\n${log.slice(-shown)}`);
    }
  }
  forgetStoppedServers();
});

afterAll(stopServers);
