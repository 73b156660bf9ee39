import { homedir } from "node:os";
import { join } from "node:path";
import { readFileLimited } from "@drayage/blob";
import { DrayageError, errnoOf, isDrayageError } from "@drayage/errors";
import type { TlsOptions } from "@drayage/http";
import type { ConnectionOptions } from "@drayage/transport";
import type { Environment } from "./host.ts";

const fileLimit = 1024 * 1024;

/**
 * What the TLS connection to a daemon is made with: `ca.pem`, `cert.pem` and `key.pem` of the folder of the options, else of
 * `DOCKER_CERT_PATH`, else, where `DOCKER_TLS_VERIFY` is set, of `~/.docker`.
 *
 * @throws `ERR_DRAYAGE_CONFIGURATION_INVALID`, `ERR_DRAYAGE_IO`
 */
export async function readTlsOptions(
  { certDir, tlsVerify }: Pick<ConnectionOptions, "certDir" | "tlsVerify">,
  env: Environment,
): Promise<TlsOptions> {
  const verify = tlsVerify !== false;
  const named = certDir ?? (env.DOCKER_CERT_PATH || undefined);
  const folder = named ?? (env.DOCKER_TLS_VERIFY ? join(env.HOME || homedir(), ".docker") : undefined);
  if (folder === undefined) return { verify };
  const [ca, cert, key] = await Promise.all(
    ["ca.pem", "cert.pem", "key.pem"].map((name) => readIfThere(join(folder, name))),
  );
  if (named !== undefined && ca === undefined && cert === undefined && key === undefined) {
    throw invalid(folder, "it has none of ca.pem, cert.pem and key.pem");
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw invalid(folder, cert === undefined ? "key.pem lacks its cert.pem" : "cert.pem lacks its key.pem");
  }
  return {
    verify,
    ca: ca === undefined ? [] : [ca],
    clients: cert === undefined || key === undefined ? [] : [{ cert, key }],
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await readFileLimited(path, fileLimit));
  } catch (error) {
    if (isDrayageError(error) && errnoOf(error.cause) === "ENOENT") return undefined;
    throw error;
  }
}

function invalid(folder: string, reason: string): DrayageError {
  return new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    `${JSON.stringify(folder)} cannot be used for the docker daemon: ${reason}`,
    { hint: "put the daemon's ca.pem there, and where it asks for one the client's cert.pem and key.pem" },
  );
}
