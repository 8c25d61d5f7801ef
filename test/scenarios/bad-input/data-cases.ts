/** Data configurations. */
import { gzipSync } from "node:zlib";
import { generateDataConfiguration } from "../../fixtures/data-configuration.ts";
import { type BadInput, problem } from "./bench.ts";

type Document = ReturnType<typeof generateDataConfiguration>;
const at = (where: string) => `DATA_CONFIG_PATH: ${where}`;
const small = () => generateDataConfiguration({ organisations: 3, jobs: 5, listed: 4 });

/** A good document with one thing changed. */
const changed = (
  name: string,
  change: (document: Document) => unknown,
  where: string,
  what: string,
): BadInput => ({
  name: `a document with ${name}`,
  given: ({ data }) => {
    const document = small();
    return data((change(document) as object | undefined) ?? document);
  },
  says: problem(where, what),
});
const raw = (
  name: string,
  content: string | Uint8Array,
  what: string,
  where = "DATA_CONFIG_PATH",
): BadInput => ({ name, given: ({ data }) => data(content), says: problem(where, what) });

export const documentCases: readonly BadInput[] = [
  raw("nothing", "", "is empty"),
  raw("half a document", '{"organisations": [', "it ends too early"),
  raw("a page", "<!doctype html><title>Not Found</title>", "is a web page"),
  raw("Latin-1", Buffer.from('{"title":"Kew \xe9"}', "latin1"), "is not UTF-8"),
  raw("UTF-16", Buffer.from("\uFEFF{}", "utf16le"), "is not UTF-8"),
  raw("zipped bytes", gzipSync("{}"), "is not UTF-8"),
  raw("a picture", Buffer.from("89504e470d0a1a0a", "hex"), "is not UTF-8"),
  raw("a list", "[]", "must be an object"),
  raw("null", "null", "must be an object"),
  raw("a word", "hello", "is not JSON (Unexpected token"),
  {
    name: "an object without anything",
    given: ({ data }) => data({}),
    says: [
      [at("organisations"), "is missing"],
      [at("jobConfigurations"), "is missing"],
      [at("jobLists"), "is missing"],
    ],
  },
  changed(
    "a list that names a missing job",
    (it) => void it.jobLists[0]!.jobConfigurations.push("no-such-job"),
    at("jobLists[0].jobConfigurations[4]"),
    'there is no job "no-such-job"',
  ),
  changed(
    "a job on the list twice",
    (it) => void it.jobLists[0]!.jobConfigurations.push(it.jobLists[0]!.jobConfigurations[0]!),
    at("jobLists[0].jobConfigurations[4]"),
    "is on the list twice",
  ),
  changed(
    "a list that names itself",
    (it) => void (it.jobLists[0]!.jobConfigurations = ["1"]),
    at("jobLists[0].jobConfigurations[0]"),
    'there is no job "1"',
  ),
  changed(
    "an empty list",
    (it) => void (it.jobLists[0]!.jobConfigurations = []),
    at("jobLists[0].jobConfigurations"),
    "empty",
  ),
  changed("no lists", (it) => void (it.jobLists = []), at("jobLists"), 'there is no list "1"'),
  changed(
    "another list",
    (it) => void (it.jobLists[0]!.identifier = "2"),
    at("jobLists"),
    'the document has "2"',
  ),
  changed(
    "two jobs of one name",
    (it) => void it.jobConfigurations.push(it.jobConfigurations[0]!),
    at("jobConfigurations[5]"),
    "appears twice",
  ),
  changed(
    "two organisations of one name",
    (it) => void it.organisations.push(it.organisations[0]!),
    at("organisations[3]"),
    "appears twice",
  ),
  changed(
    "an organisation without resources",
    (it) => void Reflect.deleteProperty(it.organisations[1]!, "resources"),
    at("organisations[1].resources"),
    "is missing; it must be a list",
  ),
  changed(
    "a job that says how it ended",
    (it) => void Object.assign(it.jobConfigurations[1]!, { jobStatus: "COMPLETED" }),
    at("jobConfigurations[1].jobStatus"),
    "is a harvester's own run state",
  ),
  changed(
    "a title that is too long",
    (it) => void (it.organisations[1]!.title = "x".repeat(300)),
    at("organisations[1].title"),
    "is longer than 255 characters",
  ),
  changed(
    "a job without a name",
    (it) => void (it.jobConfigurations[1] = { ...it.jobConfigurations[1]!, identifier: "" }),
    at("jobConfigurations[1].identifier"),
    "is empty",
  ),
  changed(
    "a kind of job that nobody knows",
    (it) => void Object.assign(it.jobConfigurations[1]!, { jobName: "Mow" }),
    at("jobConfigurations[1].jobName"),
    "DarwinCoreArchiveHarvesting",
  ),
  changed(
    "a number for parameters",
    (it) => void Object.assign(it.jobConfigurations[1]!, { parameters: 7 }),
    at("jobConfigurations[1].parameters"),
    "must be an object",
  ),
  changed(
    "text for the jobs",
    (it) => ({ ...it, jobConfigurations: "all of them" }),
    at("jobConfigurations"),
    "must be a list",
  ),
  {
    name: "a document with two mistakes",
    given: ({ data }) => {
      const it = small();
      it.jobLists[0]!.jobConfigurations.push("a", "b");
      return data(it);
    },
    says: [
      [at("jobLists[0].jobConfigurations[4]"), '"a"'],
      [at("jobLists[0].jobConfigurations[5]"), '"b"'],
    ],
  },
  {
    name: "a document with a thousand mistakes",
    given: ({ data }) => {
      const it = small();
      for (let n = 0; n < 1_000; n += 1) it.jobLists[0]!.jobConfigurations.push(`job-${n}`);
      return data(it);
    },
    says: [
      ...Array.from(
        { length: 20 },
        (_, n) => [at(`jobLists[0].jobConfigurations[${n + 4}]`), "there is no job"] as const,
      ),
      ["DATA_CONFIG_PATH", "980 more"],
    ],
  },
  {
    name: "a list that JOB_LIST does not find",
    given: () => ({ JOB_LIST: "1,nightly" }),
    says: problem(at("jobLists"), 'there is no list "nightly"'),
  },
  raw("deep nesting", "[".repeat(200_000), "it ends too early"),
];
