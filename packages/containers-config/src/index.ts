/**
 * The configuration that containers tools share: logins, registries.conf, certs.d, policy.json.
 * @module
 */
export {};
