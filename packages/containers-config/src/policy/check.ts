import { DrayageError } from "@drayage/errors";
import type { Policy, PolicyRequirement, PolicyRequirements } from "./policy.ts";

/** An image as a policy sees it. */
export interface PolicySubject {
  /** What policies call the transport: see {@link policyTransport}. */
  readonly transport: string;
  /** The most specific first: what the transport's `policyScopes` says. */
  readonly scopes: readonly string[];
  /** The image's name, for messages: `docker://quay.io/podman/stable`. */
  readonly what: string;
}

/** The requirements for an image, and where they stand. */
export interface AppliedRequirements {
  readonly requirements: PolicyRequirements;
  /** For messages: `the scope "docker.io/library" of docker in "/etc/containers/policy.json"`. */
  readonly place: string;
}

export interface CheckPolicyOptions {
  /** Images that no requirement wants a signature of are refused, too: `--require-signed`. */
  readonly requireSigned?: boolean | undefined;
}

/** What containers-policy.json(5) calls a transport of drayage. */
export function policyTransport(scheme: string): string {
  return scheme === "oci-dir" ? "oci" : scheme;
}

/**
 * The requirements that hold for an image: those of the most specific scope alone, else of the transport's default, else
 * of the policy's.
 */
export function requirementsFor(
  policy: Policy,
  { transport, scopes }: Pick<PolicySubject, "transport" | "scopes">,
): AppliedRequirements {
  const inFile = policy.path === undefined ? "the policy" : JSON.stringify(policy.path);
  const ofTransport = policy.transports.get(transport);
  for (const scope of [...scopes, ""]) {
    const requirements = ofTransport?.get(scope);
    if (requirements === undefined) continue;
    const name = scope === "" ? "the default" : `the scope ${JSON.stringify(scope)}`;
    return { requirements, place: `${name} of ${transport} in ${inFile}` };
  }
  return { requirements: policy.default, place: `the default in ${inFile}` };
}

/**
 * Refuses an image that the policy does not accept. All requirements of its scope have to be met. Signatures cannot be
 * verified yet: an image that needs one is refused.
 *
 * @throws ERR_DRAYAGE_POLICY_REJECTED
 */
export function checkPolicy(policy: Policy, subject: PolicySubject, options: CheckPolicyOptions = {}): void {
  const { requirements, place } = requirementsFor(policy, subject);
  for (const requirement of requirements) checkRequirement(requirement, subject.what, place);
  // Nothing of that kind can have been met: it was refused just now.
  if (options.requireSigned === true) {
    throw new DrayageError(
      "ERR_DRAYAGE_POLICY_REJECTED",
      `Running image ${subject.what} is rejected: signatures are required (--require-signed), and ${place} asks for none`,
    );
  }
}

function checkRequirement({ type }: PolicyRequirement, what: string, place: string): void {
  if (type === "insecureAcceptAnything") return;
  if (type === "reject") {
    throw new DrayageError(
      "ERR_DRAYAGE_POLICY_REJECTED",
      `Running image ${what} is rejected by policy: ${place} rejects it`,
      { hint: "see containers-policy.json(5); --policy names another policy" },
    );
  }
  throw new DrayageError(
    "ERR_DRAYAGE_POLICY_REJECTED",
    `Running image ${what} is rejected by policy: ${place} asks for a signature (${type}), and signatures cannot be verified yet`,
    { hint: "verify the image with another tool, or name another policy with --policy" },
  );
}
