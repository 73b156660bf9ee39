/** Passwords that a registry can be started with, and their bcrypt hashes with the least cost: Node has no bcrypt. */
const hashes = {
  secret: "$2b$04$d1o/ZLhVIUsgqp.ShvL4dOyQzWmaJz5AZ1/s2FRVTgHFEicMgWCdC",
  "correct horse": "$2b$04$Ca.BOP63k1ch955NqivQGOeQvjgoYW0Nd3VLBUvS7/.pp/gWjti1e",
  "pässwörd: 100%": "$2b$04$z4tmOpu3REBwEAt1E9lRKeddh9lgEQdQK/qz4bEzddcccCUq6LBm6",
} as const;

export type TestPassword = keyof typeof hashes;

/** The lines of an htpasswd file. */
export function htpasswdFile(users: Readonly<Record<string, TestPassword>>): string {
  return Object.entries(users)
    .map(([user, password]) => `${user}:${hashes[password]}\n`)
    .join("");
}
