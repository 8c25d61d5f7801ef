export { createHarvester } from "./harvester.ts";
export { createSite } from "./site.ts";
