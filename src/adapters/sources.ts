import type { Sources } from "../ports/sources.ts";
import { createChartSource, type ChartSourceOptions } from "./chart/index.ts";
import { createDataSource, type DataSourceOptions } from "./data/index.ts";
import { createSecretsFile, type SecretsFileOptions } from "./secrets-file.ts";

export interface SourcesOptions {
  chart: ChartSourceOptions;
  data: DataSourceOptions;
  secrets: SecretsFileOptions;
}

/** All inputs behind one port. */
export function createSources({ chart, data, secrets }: SourcesOptions): Sources {
  return { ...createChartSource(chart), ...createDataSource(data), ...createSecretsFile(secrets) };
}
