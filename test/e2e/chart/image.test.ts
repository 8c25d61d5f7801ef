/** What is in the image and what is not. Where no image can be built the tests are skipped, and say why. */
import { beforeAll, describe, expect, test } from "vitest";
import { addedBytes, buildah, buildImage, runInImage, suite, unlessRequired, whyNoImage } from "./image.ts";

const name = "localhost/powo-builder:e2e";
const why = unlessRequired(await whyNoImage());

describe.skipIf(why !== undefined)(`the image${why === undefined ? "" : ` (${why})`}`, () => {
  beforeAll(() => buildImage(name));

  test("adds at most 40 MB to its base", async () => {
    expect(await addedBytes(name)).toBeLessThanOrEqual(40_000_000);
  });

  test("has the licence of every Debian package, on the suite that production has", async () => {
    const script = `. /etc/os-release; echo "$VERSION_CODENAME"
      dpkg-query -W -f '\${Package}\\n' | while read -r package; do
        test -s "/usr/share/doc/$package/copyright" || echo "$package has none"
      done`;
    expect((await runInImage(name, ["sh", "-c", script])).all).toBe(suite);
    const added = ["git", "git-man", "openssh-client", "tini", "libcurl3t64-gnutls", "perl"];
    const listed = (await runInImage(name, ["ls", "/usr/share/doc"])).all.split("\n");
    expect(listed).toEqual(expect.arrayContaining(added));
  });

  test("runs as nobody in particular, under tini, and says what it is", async () => {
    const { stdout } = await buildah("inspect", "--type", "image", name);
    const { config } = JSON.parse(stdout).OCIv1;
    expect(config).toMatchObject({
      User: "65532:65532",
      Entrypoint: ["/usr/bin/tini", "--", "powo-builder"],
      WorkingDir: "/tmp",
    });
    expect(config).not.toHaveProperty("Healthcheck");
    expect(config.Labels).toMatchObject({
      "org.opencontainers.image.title": "powo-builder",
      "org.opencontainers.image.version": "1.0.0",
    });
  });

  test.each([
    ["powo-builder", ["powo-builder", "--help"], /rollback/],
    ["its packages' licences", ["cat", "/opt/powo-builder/THIRD-PARTY-NOTICES"], /^undici \d/m],
    ["their bill of materials", ["cat", "/opt/powo-builder/bundle.cdx.json"], /pkg:npm\/undici@\d/],
    ["Node 24", ["node", "--version"], /^v24\./],
    ["Helm 4", ["helm", "version", "--short"], /^v4\./],
    ["git", ["git", "--version"], /^git version/],
    ["git over https", ["git", "ls-remote", "https://127.0.0.1:9/x"], /connect/],
    ["git over ssh", ["git", "ls-remote", "ssh://git@127.0.0.1:9/x"], /Connection refused/],
    ["its user has a name, which ssh asks for", ["id"], /uid=65532\(builder\)/],
    ["certificates", ["sh", "-c", "grep -c BEGIN /etc/ssl/certs/ca-certificates.crt"], /^\d{2,}/],
  ])("has %s", async (_what, command, output) => {
    expect((await runInImage(name, command)).all).toMatch(output);
  });

  test("git clones a branch with its submodules", async () => {
    const script = `set -e; cd "$(mktemp -d)"; export HOME=$PWD
      git config --global protocol.file.allow always; git config --global user.name a; git config --global user.email b
      git init -q secrets; git -C secrets commit -q --allow-empty -m 1
      git init -q -b master infrastructure; cd infrastructure; git submodule --quiet add "$HOME/secrets" secrets
      git commit -q -m 1; cd ..; git clone -q --depth 1 --branch master --recurse-submodules file://$PWD/infrastructure out
      git -C out submodule status`;
    const { exitCode, all } = await runInImage(name, ["sh", "-c", script]);
    expect(all).toMatch(/^ [0-9a-f]{40} secrets/m);
    expect(exitCode).toBe(0);
  });

  test.each(["npm", "npx", "yarn", "ssh-agent", "git-shell"])("has no %s", async (program) => {
    expect((await runInImage(name, ["sh", "-c", `command -v ${program}`])).exitCode).not.toBe(0);
  });

  test("nothing in it can change its own program, and no file is set-uid", async () => {
    const program = "/opt/powo-builder/main.js";
    expect((await runInImage(name, ["test", "-r", program])).exitCode).toBe(0);
    expect((await runInImage(name, ["test", "-w", program])).exitCode).not.toBe(0);
    const setuid =
      "find /opt /usr/local /usr/lib/openssh /usr/lib/git-core -xdev -perm /6000 -type f 2>/dev/null | wc -l";
    expect((await runInImage(name, ["sh", "-c", setuid])).stdout.trim()).toBe("0");
  });
});
