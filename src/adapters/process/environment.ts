/** What an outside program may need of the machine: where programs are, how to get out, whom to trust. */
const passed = [
  "PATH",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The named variables (besides the common ones) that are set; everything else stays with the builder. */
export function pickEnvironment(env: Environment, names: readonly string[] = []): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of [...passed, ...names]) {
    const value = env[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
