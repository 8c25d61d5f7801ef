import tseslint from "typescript-eslint";

/** Who may import whom: the rooms that each room may know, its own included. */
const mayKnow = {
  "src/errors.ts": [],
  "src/domain/**": ["domain"],
  "src/report/**": ["report", "domain"],
  "src/ports/**": ["ports", "domain"],
  "src/config/**": ["config", "domain"],
  "src/pipeline/**": ["pipeline", "ports", "config", "domain"],
  "src/adapters/**": ["adapters", "config", "ports", "pipeline", "domain"],
  "src/actions/**": ["actions", "pipeline", "ports", "config", "domain"],
  "src/steps/**": ["steps", "actions", "pipeline", "ports", "config", "domain"],
  "src/operate/**": ["operate", "steps", "actions", "pipeline", "ports", "config", "domain"],
};
const rooms = ["cli", "compose", ...new Set(Object.values(mayKnow).flat())];
/** Client libraries and other outside packages stay in the adapters; the core is plain TypeScript. */
const clients = [
  "@kubernetes/client-node",
  "@google-cloud/dns",
  "google-auth-library",
  "axios",
  "execa",
  "prom-client",
];

const room = ([files, known]) => ({
  files: [files],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            regex: `^(\\.\\.?/)+(?:src/)?(${rooms.filter((name) => !known.includes(name)).join("|")})(\\.ts|/)`,
            message:
              "imports go one way: main → cli → compose → (operate, adapters) → steps → actions → pipeline → (ports, config) → domain → errors",
          },
          ...(files.startsWith("src/adapters")
            ? []
            : [{ group: clients, message: "only adapters know a client library" }]),
        ],
      },
    ],
  },
});

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "node_modules/", ".gitlab-ci-local/"] },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: true }],
      "@typescript-eslint/no-non-null-assertion": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "no-console": "error",
      "no-eval": "error",
      "max-lines": ["error", { max: 250, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 4],
      "@typescript-eslint/no-unused-vars": ["error", { varsIgnorePattern: "^_", ignoreRestSiblings: true }],
      complexity: ["error", 18],
      eqeqeq: ["error", "always"],
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["src/main.ts"],
    rules: {
      "no-restricted-properties": [
        "error",
        { object: "process", property: "exit", message: "only main.ts ends the process" },
      ],
      "no-new-func": "error",
      "no-implied-eval": "off",
      "@typescript-eslint/no-implied-eval": "error",
      "no-restricted-syntax": [
        "error",
        {
          selector:
            "ImportDeclaration[source.value=/^(node:)?(child_process|vm)$/], ImportExpression[source.value=/^(node:)?(child_process|vm)$/]",
          message: "programs are run by adapters/process/run-program.ts, and text is never run",
        },
        {
          selector:
            "ImportSpecifier[imported.name='createServer'], Property[key.name='createServer'], MemberExpression[property.name='createServer']",
          message: "what is served is served by adapters/page/server.ts",
        },
        { selector: "Property[key.name='shell']", message: "no shell: arguments are data" },
      ],
    },
  },
  { files: ["src/adapters/page/server.ts"], rules: { "no-restricted-syntax": "off" } },
  ...Object.entries(mayKnow).map(room),
  {
    // client-node takes plain objects; that its models are classes is for its own use.
    files: ["**/adapters/kubernetes/**/*.ts"],
    rules: { "@typescript-eslint/no-unsafe-class-instance-assignment": "off" },
  },
  {
    files: ["test/**/*.ts", "bench/**/*.ts", "scripts/**/*.ts"],
    rules: {
      "no-console": "off",
      // A double of an API has the parameters of the API.
      "max-params": "off",
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  {
    files: ["test/**/*.ts"],
    ignores: ["test/fast-check.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "fast-check",
              message: "import it from test/fast-check.ts: seeded, and to be played again",
            },
          ],
        },
      ],
    },
  },
);
