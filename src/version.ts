/** Put in by scripts/build.ts. */
declare const POWO_BUILDER_VERSION: string | undefined;

/** The version of package.json; `development` where the program is run from its sources. */
export const version = typeof POWO_BUILDER_VERSION === "string" ? POWO_BUILDER_VERSION : "development";
