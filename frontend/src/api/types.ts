// Short names for the shapes of the REST API, generated from its OpenAPI document.
import type { components } from './generated/schema';

type Schemas = components['schemas'];

export type AccountResponse = Schemas['AccountResponse'];
export type AlertResponse = Schemas['AlertResponse'];
export type AlertRuleCreate = Schemas['AlertRuleCreate'];
export type AlertRuleResponse = Schemas['AlertRuleResponse'];
export type AlertRuleUpdate = Schemas['AlertRuleUpdate'];
export type ApiKeyCreate = Schemas['ApiKeyCreate'];
export type ApiKeyResponse = Schemas['ApiKeyResponse'];
export type BenchmarkCreate = Schemas['BenchmarkCreate'];
export type BenchmarkDetail = Schemas['BenchmarkDetailResponse'];
export type BenchmarkResult = Schemas['BenchmarkResultResponse'];
export type BenchmarkRun = Schemas['BenchmarkRunResponse'];
export type BudgetCreate = Schemas['BudgetCreate'];
export type BudgetResponse = Schemas['BudgetResponse'];
export type BudgetUpdate = Schemas['BudgetUpdate'];
export type ChannelCreate = Schemas['ChannelCreate'];
export type ChannelResponse = Schemas['ChannelResponse'];
export type CheckPage = Schemas['CheckPage'];
export type CheckResponse = Schemas['CheckResponse'];
export type Cost = Schemas['Cost'];
export type CostLine = Schemas['CostLine'];
export type Finding = Schemas['Finding'];
export type Level = Finding['level'];
export type Headroom = Schemas['Headroom'];
export type LoginRequest = Schemas['LoginRequest'];
export type ModelCard = Schemas['ModelCard'];
export type ModelCreate = Schemas['ModelCreate'];
export type ModelFacts = Schemas['ModelFacts'];
export type ModelResponse = Schemas['ModelResponse'];
export type ModelStatistics = Schemas['ModelStatistics'];
export type ModelUpdate = Schemas['ModelUpdate'];
export type Outcome = Schemas['Outcome'];
export type MonitoringConfig = Schemas['MonitoringConfigResponse'];
export type MonitoringConfigUpdate = Schemas['MonitoringConfigUpdate'];
export type Overview = Schemas['OverviewResponse'];
export type PromptPack = Schemas['PromptPackResponse'];
export type Price = Schemas['Price'];
export type Probe = Schemas['ProbeResponse'];
export type ProbeCreate = Schemas['ProbeCreate'];
export type ProbeKind = Schemas['ProbeKind'];
export type ProbeUpdate = Schemas['ProbeUpdate'];
export type ProviderCreate = Schemas['ProviderCreate'];
export type ProviderOffer = Schemas['ProviderOffer'];
export type ProviderResponse = Schemas['ProviderResponse'];
export type ProviderTest = Schemas['ProviderTestResponse'];
export type ProviderUpdate = Schemas['ProviderUpdate'];
export type Quantiles = Schemas['Quantiles'];
export type SeriesBucket = Schemas['SeriesBucket'];
export type SeriesResponse = Schemas['SeriesResponse'];
export type SparkSlot = Schemas['SparkSlot'];
export type WhoAmI = Schemas['WhoAmI'];

export type CostsBy = Schemas['CostsResponse']['by'];
export type ModelState = ModelCard['state'];
export type Role = WhoAmI['role'];

/** `region_options` are pairs of value and label. */
export type ProviderSpec = Omit<Schemas['ProviderSpecResponse'], 'region_options'> & {
  region_options: string[][];
};
