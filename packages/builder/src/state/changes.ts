/**
 * Changes to what an image says: every flag of `buildah config`. A list is applied in its order; what is absent stays.
 */
export interface ConfigChanges {
  readonly annotations?: readonly string[] | undefined;
  readonly unsetAnnotations?: readonly string[] | undefined;
  readonly labels?: readonly string[] | undefined;
  readonly unsetLabels?: readonly string[] | undefined;
  /** `name=value`; `name-` removes; `name` takes the value of the environment. Values may use `$other`. */
  readonly env?: readonly string[] | undefined;
  readonly unsetEnv?: readonly string[] | undefined;
  /** `80`, `80/tcp`, `80-`: with `-` at the end it is removed. */
  readonly ports?: readonly string[] | undefined;
  readonly volumes?: readonly string[] | undefined;
  readonly onBuild?: readonly string[] | undefined;
  readonly cmd?: readonly string[] | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  readonly shell?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workingDir?: string | undefined;
  readonly stopSignal?: string | undefined;
  readonly hostname?: string | undefined;
  readonly domainName?: string | undefined;
  readonly author?: string | undefined;
  readonly comment?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly historyComment?: string | undefined;
  readonly os?: string | undefined;
  readonly osVersion?: string | undefined;
  readonly osFeatures?: readonly string[] | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly healthcheck?: HealthcheckChange | undefined;
  /** Puts an entry into the history that tells of the changes. */
  readonly addHistory?: boolean | undefined;
}

/** Times are nanoseconds. */
export interface HealthcheckChange {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", line]`. */
  readonly test?: readonly string[] | undefined;
  readonly interval?: number | undefined;
  readonly timeout?: number | undefined;
  readonly startPeriod?: number | undefined;
  readonly retries?: number | undefined;
}
