import {
  acceptAnything,
  checkPolicy,
  type Policy,
  policyTransport,
  type ReadPolicyOptions,
  readPolicy,
} from "@drayage/containers-config";
import type { CopyOptions } from "@drayage/copy";
import { DrayageError, isDrayageError } from "@drayage/errors";
import type { Location } from "@drayage/transport";
import type { DrayContext } from "./context.ts";
import type { GlobalFlags } from "./global-flags.ts";

/** Decides for each source what a copy may take from it. */
export type TrustPolicy = (source: Location) => NonNullable<CopyOptions["admit"]>;

type PolicyFlags = Pick<GlobalFlags, "policy" | "insecurePolicy" | "requireSigned">;

/**
 * The trust policy that the flags ask for, read once for any number of copies. Where the machine has none, dray accepts
 * all images; called as skopeo it fails, as skopeo does.
 */
export async function readTrustPolicy(
  context: Pick<DrayContext, "env" | "personality">,
  flags: PolicyFlags,
  options: Pick<ReadPolicyOptions, "machineFolders"> = {},
): Promise<TrustPolicy> {
  const { requireSigned } = flags;
  if (flags.insecurePolicy && requireSigned) {
    throw new DrayageError(
      "ERR_DRAYAGE_USAGE",
      "--insecure-policy and --require-signed are mutually exclusive",
    );
  }
  const policy = await loadPolicy(context, flags, options);
  return ({ transport, reference, text }) =>
    async () => {
      const subject = {
        transport: policyTransport(transport.scheme),
        scopes: (await transport.policyScopes?.(reference)) ?? [],
        what: text,
      };
      asSkopeoSays("Source image rejected", context, () => checkPolicy(policy, subject, { requireSigned }));
    };
}

async function loadPolicy(
  context: Pick<DrayContext, "env" | "personality">,
  { policy: path, insecurePolicy }: PolicyFlags,
  options: Pick<ReadPolicyOptions, "machineFolders">,
): Promise<Policy> {
  if (insecurePolicy) return acceptAnything;
  let policy: Policy | undefined;
  try {
    policy = await readPolicy({ ...options, path, env: context.env });
  } catch (error) {
    throw prefixed("Error loading trust policy", error, context);
  }
  if (policy !== undefined) return policy;
  if (context.personality !== "skopeo") return acceptAnything;
  // The words of skopeo 1.9: scripts look for them.
  throw new DrayageError(
    "ERR_DRAYAGE_CONFIGURATION_INVALID",
    "Error loading trust policy: open /etc/containers/policy.json: no such file or directory",
  );
}

function asSkopeoSays(prefix: string, context: Pick<DrayContext, "personality">, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw prefixed(prefix, error, context);
  }
}

/** The error in words that skopeo starts with, where it was called as skopeo. */
function prefixed(
  prefix: string,
  error: unknown,
  { personality }: Pick<DrayContext, "personality">,
): unknown {
  if (personality !== "skopeo" || !isDrayageError(error)) return error;
  const { code, message, hint, op } = error;
  return new DrayageError(code, `${prefix}: ${message}`, { hint, op, cause: error });
}
