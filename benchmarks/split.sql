-- What benchmarks/bench_split.py divides: usage of teams, and the bill of what the provider counted. Names braced are
-- filled in there. Tokens are hashes of team, deployment, day, hour and seed.
CREATE TABLE calls AS
SELECT
    TIMESTAMPTZ '2026-01-01 08:00:00+00' + to_hours(CAST(day * 24 + hour AS BIGINT)) AS Hour,
    (team + way * 37) % {deployments} AS Place, concat('team-', team) AS Team,
    100 + hash(team, way, day, hour, {seed}) % 90000 AS Uncached,
    hash(team, way, day, hour, {seed} + 1) % 30000 AS Cached,
    hash(team, way, day, hour, {seed} + 2) % 20000 AS Output
FROM range({teams}) AS teams(team), range(4) AS ways(way), range({days}) AS days(day), range(12) AS hours(hour);

COPY (
    SELECT
        Hour, concat('/subscriptions/s/accounts/account-', Place % 40) AS ResourceId,
        concat('account-', Place % 40) AS ResourceName, concat('chat-', Place) AS Deployment,
        'gpt-4o' AS ModelName, NULL AS ModelVersion, 'gpt-4o' AS x_ModelId, Team, NULL AS Application, NULL AS Feature,
        NULL AS Customer, NULL AS Environment, NULL AS Product, NULL AS Client, Source, false AS InputIncludesCached,
        'measured' AS Provenance, 1 AS Calls, CAST(sum(Uncached) AS BIGINT) AS InputTokens,
        CAST(sum(Cached) AS BIGINT) AS CacheReadTokens, NULL::BIGINT AS CacheWriteTokens,
        CAST(sum(Output) AS BIGINT) AS OutputTokens, 0 AS FailedCalls, 0 AS FailedTokens,
        NULL::DECIMAL(18,6) AS Utilisation, Hour AS FirstTime, Hour AS LastTime, 'f' AS FileDigest,
        strftime(Hour, '%Y-%m') AS BillingMonth
    FROM (
        SELECT *, 'ApimUsage' AS Source FROM calls
        UNION ALL SELECT Hour, Place, NULL, Uncached * 11 // 10, Cached * 11 // 10, Output * 11 // 10, 'AzureMonitor' FROM calls
    )
    GROUP BY Hour, Place, Team, Source
) TO '{folder}/usage.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
    SELECT
        kind AS x_MeterKey, kind AS SkuMeter, 'gpt-4o' AS x_ModelId, NULL AS x_ModelVersion, direction AS x_TokenDirection,
        cache AS x_TokenCacheAction, 'Global' AS x_DeploymentScope, 'Standard' AS x_ServiceTier, 'Inference' AS x_MeterUse,
        'Tokens' AS Unit, 'recognised' AS x_MeterStatus, false AS x_FineTuned
    FROM (VALUES ('in', 'Input', 'Uncached'), ('cached', 'Input', 'Read'), ('out', 'Output', NULL)) AS kinds(kind, direction, cache)
) TO '{folder}/meters.parquet' (FORMAT parquet);

COPY (
    SELECT
        CAST(Hour AS DATE) AS ChargeDate, BillingMonth, 'USD' AS BillingCurrency, ResourceId, ResourceName,
        kind AS x_MeterKey, NULL::VARCHAR AS x_TagsKey, '/subscriptions/s' AS SubAccountId, 's' AS SubAccountName,
        'rg' AS x_ResourceGroupName, 'b' AS BillingAccountId, 'k' AS x_ScopeKey, 'westus' AS RegionId,
        'Usage' AS ChargeCategory, NULL::VARCHAR AS ChargeClass, NULL::VARCHAR AS CommitmentDiscountStatus,
        CAST(sum(tokens) * price AS DECIMAL(38,18)) AS EffectiveCost,
        CAST(sum(tokens) * price AS DECIMAL(38,18)) AS x_ProvenEffectiveCost,
        CAST(sum(tokens) AS DECIMAL(38,12)) AS x_UnitQuantity
    FROM (
        SELECT *, unnest([
            {{'kind': 'in', 'tokens': InputTokens, 'price': 0.0000025}},
            {{'kind': 'cached', 'tokens': CacheReadTokens, 'price': 0.00000125}},
            {{'kind': 'out', 'tokens': OutputTokens, 'price': 0.00001}}
        ], recursive := true) FROM read_parquet('{folder}/usage.parquet') WHERE Source = 'AzureMonitor'
    )
    GROUP BY ChargeDate, BillingMonth, ResourceId, ResourceName, kind, price
) TO '{folder}/token_costs.parquet' (FORMAT parquet);

COPY (SELECT NULL::VARCHAR AS x_TagsKey, NULL::VARCHAR AS TagKey, NULL::VARCHAR AS TagValue LIMIT 0)
TO '{folder}/tags.parquet' (FORMAT parquet);
