/**
 * Changes to what an image says: every flag of `buildah config`, with its syntax. A list is applied in its order; what is absent stays.
 * In lists that say so, `name-` takes one away, and `-` all.
 */
export interface ConfigChanges {
  /** `name=value`, `name` (an empty value), `name-`, `-`. */
  readonly annotations?: readonly string[] | undefined;
  readonly unsetAnnotations?: readonly string[] | undefined;
  /** `name=value`, `name` (an empty value), `name-`, `-`. */
  readonly labels?: readonly string[] | undefined;
  readonly unsetLabels?: readonly string[] | undefined;
  /** `name=value`, `name` (the value of the environment), `name-`, `-`. Values may use `$other` and `${other}` of the image. */
  readonly env?: readonly string[] | undefined;
  /** Variables whose values are taken as they are, after {@link env}. One that is there keeps its place. */
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly unsetEnv?: readonly string[] | undefined;
  /** `80`, `80/tcp`, `80-`, `-`. */
  readonly ports?: readonly string[] | undefined;
  /** `/path`, `/path-`, `-`. */
  readonly volumes?: readonly string[] | undefined;
  /** Each is one trigger, put behind those that there are. */
  readonly onBuild?: readonly string[] | undefined;
  /** A text is a JSON list, or words as a shell splits them; an empty one, or an empty list, takes it away. */
  readonly cmd?: string | readonly string[] | undefined;
  /** A text is a JSON list, or a line for `/bin/sh -c`; an empty one, or an empty list, takes it away. */
  readonly entrypoint?: string | readonly string[] | undefined;
  /** A text is words as a shell splits them. */
  readonly shell?: string | readonly string[] | undefined;
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
  /** `name`, `name-`, `-`. */
  readonly osFeatures?: readonly string[] | undefined;
  readonly architecture?: string | undefined;
  readonly variant?: string | undefined;
  readonly healthcheck?: HealthcheckChange | undefined;
  /** Puts entries into the history that tell of the changes. */
  readonly addHistory?: boolean | undefined;
}

/** Times are nanoseconds, or texts as Go writes them: `1m30s`. */
export interface HealthcheckChange {
  /** `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", line]`; a text is words as a shell splits them. Empty: there is none any more. */
  readonly test?: string | readonly string[] | undefined;
  readonly interval?: number | string | undefined;
  readonly timeout?: number | string | undefined;
  readonly startPeriod?: number | string | undefined;
  readonly retries?: number | undefined;
}

/** What {@link import("./apply-changes.ts").applyChanges} needs of the world. */
export interface ChangeContext {
  /** For `env: ["NAME"]`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The time of entries of the history. */
  readonly now: Date;
  /** Is told, in a sentence, what a format cannot hold, and of variables that have no value. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}
