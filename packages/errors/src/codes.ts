/** Every code that a package of drayage gives to an error. Third parties use `ERR_<PLUGIN>_…`. */
export type DrayageErrorCode =
  /** The caller's signal was aborted. */
  | "ERR_DRAYAGE_ABORTED"
  /** A short name or prefix means more than one thing; the candidates are named. */
  | "ERR_DRAYAGE_AMBIGUOUS"
  /** A tar archive is malformed. */
  | "ERR_DRAYAGE_ARCHIVE_INVALID"
  /** An image names a blob that its place does not hold. */
  | "ERR_DRAYAGE_BLOB_NOT_FOUND"
  /** A file of a container is no program, or none for this machine and user: shells' exit code 126. */
  | "ERR_DRAYAGE_COMMAND_NOT_EXECUTABLE"
  /** A container has no such program: shells' exit code 127. */
  | "ERR_DRAYAGE_COMMAND_NOT_FOUND"
  /** A compressed stream is damaged or truncated. */
  | "ERR_DRAYAGE_COMPRESSION_INVALID"
  /** No engine on this machine, or no rule of the format, serves this compression. */
  | "ERR_DRAYAGE_COMPRESSION_UNSUPPORTED"
  /** A configuration file (`registries.conf`, `auth.json`, `policy.json`, …) is malformed. */
  | "ERR_DRAYAGE_CONFIGURATION_INVALID"
  /** An image config is malformed, or does not agree with its layers. */
  | "ERR_DRAYAGE_CONFIG_INVALID"
  /** Changes of both sides that do not go together; each is named by its path. */
  | "ERR_DRAYAGE_CONFLICT"
  /** A host cannot be reached, or a connection broke too often. */
  | "ERR_DRAYAGE_CONNECTION"
  /** The store has no such container. */
  | "ERR_DRAYAGE_CONTAINER_NOT_FOUND"
  /** What this container does not have: one of a pipeline has no files of its own. */
  | "ERR_DRAYAGE_CONTAINER_UNSUPPORTED"
  /** The target format cannot express what the image has. */
  | "ERR_DRAYAGE_CONVERSION_UNSUPPORTED"
  /** Credentials cannot be read or stored: a credential helper failed. */
  | "ERR_DRAYAGE_CREDENTIALS"
  /** A daemon refused, or answered something that it should not. */
  | "ERR_DRAYAGE_DAEMON"
  /** A registry knows who asks, and does not allow it. */
  | "ERR_DRAYAGE_DENIED"
  /** A destination holds something that must not be overwritten. */
  | "ERR_DRAYAGE_DESTINATION_EXISTS"
  /** A destination cannot take this image. */
  | "ERR_DRAYAGE_DESTINATION_REFUSED"
  /** Text is not a digest. */
  | "ERR_DRAYAGE_DIGEST_INVALID"
  /** Bytes do not hash to the digest that names them. */
  | "ERR_DRAYAGE_DIGEST_MISMATCH"
  /** An image or build context has no file at this path, or none of the kind that is needed. */
  | "ERR_DRAYAGE_FILE_NOT_FOUND"
  /** The image is not at its place. */
  | "ERR_DRAYAGE_IMAGE_NOT_FOUND"
  /** What is to be removed is needed by something else, which is named. */
  | "ERR_DRAYAGE_IN_USE"
  /** The operating system refused to read or write. */
  | "ERR_DRAYAGE_IO"
  /** The store has no such layer. */
  | "ERR_DRAYAGE_LAYER_NOT_FOUND"
  /** A layout or directory of an image is malformed. */
  | "ERR_DRAYAGE_LAYOUT_INVALID"
  /** Input is larger than what is accepted. */
  | "ERR_DRAYAGE_LIMIT_EXCEEDED"
  /** Another program keeps a lock for longer than is waited for. */
  | "ERR_DRAYAGE_LOCKED"
  /** A manifest or index is malformed or ambiguous. */
  | "ERR_DRAYAGE_MANIFEST_INVALID"
  /** A manifest is of a kind that this place does not know. */
  | "ERR_DRAYAGE_MANIFEST_UNSUPPORTED"
  /** Text is no name that a store takes. */
  | "ERR_DRAYAGE_NAME_INVALID"
  /** A name or id is given to something else already. */
  | "ERR_DRAYAGE_NAME_TAKEN"
  /** A name is not among the users or groups of the root file system. */
  | "ERR_DRAYAGE_OWNER_NOT_FOUND"
  /** An index has no image for the wanted platform. */
  | "ERR_DRAYAGE_PLATFORM_NOT_FOUND"
  /** What was given as a plugin is none. */
  | "ERR_DRAYAGE_PLUGIN_INVALID"
  /** The trust policy does not accept the image. */
  | "ERR_DRAYAGE_POLICY_REJECTED"
  /** A registry wants fewer requests, and went on saying so. */
  | "ERR_DRAYAGE_RATE_LIMITED"
  /** Text is not an image reference. */
  | "ERR_DRAYAGE_REFERENCE_INVALID"
  /** A registry failed, or answered something that it should not. */
  | "ERR_DRAYAGE_REGISTRY"
  /** `registries.conf` blocks the registry. */
  | "ERR_DRAYAGE_REGISTRY_BLOCKED"
  /** A registry lacks the ability that was asked for. */
  | "ERR_DRAYAGE_REGISTRY_UNSUPPORTED"
  /** A registry has no repository of this name. */
  | "ERR_DRAYAGE_REPOSITORY_NOT_FOUND"
  /** A command could not be started in a container: no runtime, or it failed before the command ran. */
  | "ERR_DRAYAGE_RUNTIME"
  /** Bytes are more or fewer than was said. */
  | "ERR_DRAYAGE_SIZE_MISMATCH"
  /** A file or folder of a store is damaged or missing; which one is named. */
  | "ERR_DRAYAGE_STORE_INVALID"
  /** A store, or its driver, asks for what this machine or this version cannot do. */
  | "ERR_DRAYAGE_STORE_UNSUPPORTED"
  /** Some images of a sync could not be copied; the others were. */
  | "ERR_DRAYAGE_SYNC_INCOMPLETE"
  /** A call of the operating system is not available here: no library for it, no permission, or no support. */
  | "ERR_DRAYAGE_SYSTEM_UNSUPPORTED"
  /** A host's certificate is not trusted, expired or for another host. */
  | "ERR_DRAYAGE_TLS"
  /** Two transports claim one scheme. */
  | "ERR_DRAYAGE_TRANSPORT_DUPLICATE"
  /** A transport that is known, but whose package is not installed. */
  | "ERR_DRAYAGE_TRANSPORT_MISSING"
  /** No transport has this scheme. */
  | "ERR_DRAYAGE_TRANSPORT_UNKNOWN"
  /** A transport lacks the ability that was asked for. */
  | "ERR_DRAYAGE_TRANSPORT_UNSUPPORTED"
  /** A registry wants credentials: there are none, or it does not accept them. */
  | "ERR_DRAYAGE_UNAUTHORIZED"
  /** A command or function was called in a way that it does not take. */
  | "ERR_DRAYAGE_USAGE"
  /** A thread of this process ended before its work was done. */
  | "ERR_DRAYAGE_WORKER";
