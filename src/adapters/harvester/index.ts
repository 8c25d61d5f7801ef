export { createHarvester, type HarvesterOptions } from "./harvester.ts";
export { createSite, type SiteOptions } from "./site.ts";
