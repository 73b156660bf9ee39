import type { ImageConfig } from "../config.ts";

/**
 * One image's config in both formats, as builders keep it: what both know is the same in both, and what only docker's has
 * (health checks, ONBUILD, shell, hostname …) is in docker's.
 */
export interface ImageConfigs {
  readonly oci: ImageConfig;
  /** `config` and `container_config` are alike. */
  readonly docker: ImageConfig;
  /** Of the manifest that it came from, OCI's. */
  readonly annotations: Readonly<Record<string, string>>;
}
